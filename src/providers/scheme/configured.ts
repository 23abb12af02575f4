import type { z } from 'zod'
import type { Verification } from '../../model/verification.ts'
import { failed, type Inbound, type Scheme } from './scheme.ts'

/** A scheme whose shape is the source's own setting. It is built once for each config object, not for each request. */
export function configured<T>(schema: z.ZodType<T>, summary: string, build: (config: T) => Scheme): Scheme {
  const built = new WeakMap<Inbound['config'], Scheme | Verification>()
  const schemeOf = (config: Inbound['config']): Scheme | Verification => {
    let scheme = built.get(config)
    if (scheme === undefined) {
      const parsed = schema.safeParse(config)
      scheme = parsed.success ? build(parsed.data) : failed('bad_config', parsed.error.issues[0]?.message)
      built.set(config, scheme)
    }
    return scheme
  }
  return {
    summary,
    reveals: (config) => {
      const scheme = schemeOf(config)
      return 'verify' in scheme ? (scheme.reveals?.(config) ?? []) : []
    },
    verify: (inbound) => {
      const scheme = schemeOf(inbound.config)
      return 'verify' in scheme ? scheme.verify(inbound) : Promise.resolve(scheme)
    },
  }
}
