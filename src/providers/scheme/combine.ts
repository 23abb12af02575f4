import type { Verification } from '../../model/verification.ts'
import { failed, type Inbound, type Scheme } from './scheme.ts'

/** Any of the schemes suffices. The failure told is that of the one that the request came closest to. */
export function anyOf(...schemes: Scheme[]): Scheme {
  return {
    ...shared(schemes, ' or '),
    verify: async (inbound) => {
      let verdict: Verification = failed('missing_header')
      for (const scheme of schemes) {
        const next = await scheme.verify(inbound)
        if (next.verdict !== 'failed') return next
        if (isAbsent(verdict)) verdict = next
      }
      return verdict
    },
  }
}

/** The first scheme of which the request carries anything decides: a weaker one cannot stand in for a stronger. */
export function firstOf(...schemes: Scheme[]): Scheme {
  return {
    ...shared(schemes, ', else '),
    verify: async (inbound) => {
      let verdict: Verification = failed('missing_header')
      for (const scheme of schemes) {
        verdict = await scheme.verify(inbound)
        if (!isAbsent(verdict)) return verdict
      }
      return verdict
    },
  }
}

/** A scheme for some requests or settings only; of others it says nothing. */
export function onlyIf(applies: (inbound: Inbound) => boolean, scheme: Scheme): Scheme {
  return {
    ...scheme,
    verify: (inbound) =>
      applies(inbound) ? scheme.verify(inbound) : Promise.resolve({ verdict: 'unattempted' }),
  }
}

/** Every scheme must hold; the verdict is the last one's that has any. */
export function allOf(...schemes: Scheme[]): Scheme {
  return {
    ...shared(schemes, ' and '),
    verify: async (inbound) => {
      let verdict: Verification | undefined
      for (const scheme of schemes) {
        const next = await scheme.verify(inbound)
        if (next.verdict === 'failed') return next
        if (verdict === undefined || next.verdict !== 'unattempted') verdict = next
      }
      return verdict ?? failed('bad_config')
    },
  }
}

function isAbsent(verdict: Verification): boolean {
  return verdict.verdict === 'failed' && verdict.reason === 'missing_header'
}

function shared(schemes: readonly Scheme[], between: string): Pick<Scheme, 'summary' | 'reveals'> {
  return {
    summary: schemes.map((scheme) => scheme.summary).join(between),
    reveals: (config) => schemes.flatMap((scheme) => scheme.reveals?.(config) ?? []),
  }
}
