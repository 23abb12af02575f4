import type { Verification } from '../../model/verification.ts'
import { sameText } from './compare.ts'
import { canonical, encodeAs, type Encoding } from './encoding.ts'
import { digest as hashOf, type Hash } from './key-cache.ts'
import { failed, type Inbound, type Scheme } from './scheme.ts'
import { contentTemplates, signedContent, whereOf, type Claim, type SignedSpec } from './signed.ts'

export interface DigestSpec extends SignedSpec {
  hash: Hash
  encoding?: Encoding
  /** Has `{secret}` in it: a plain hash proves nothing without one. */
  signed: string | readonly string[]
}

/** A plain hash with the secret in the text: what providers did before HMAC, and some still do. */
export function digest(spec: DigestSpec): Scheme {
  return {
    summary: `${spec.hash.toUpperCase()} ${spec.encoding ?? 'hex'} of \`${contentTemplates(spec)[0]}\` in \`${whereOf(spec)}\``,
    verify: signedContent(spec, (claim, inbound) => checkDigest(spec, claim, inbound)),
  }
}

async function checkDigest(spec: DigestSpec, claim: Claim, inbound: Inbound): Promise<Verification> {
  const { hash, encoding = 'hex' } = spec
  let verdict = failed('no_secret')
  for (const [keyIndex, secret] of inbound.secrets.entries()) {
    if (secret === '') continue
    const contents = await claim.contents(secret)
    if (contents.length === 0) return failed('bad_format', 'a part of the signed content is missing')
    for (const content of contents) {
      const expected = encodeAs(encoding, await hashOf(hash, content))
      for (const sent of claim.signatures) {
        if (sameText(canonical(encoding, sent), expected)) return { verdict: 'verified', keyIndex }
      }
    }
    verdict = failed('signature_mismatch')
  }
  return verdict
}
