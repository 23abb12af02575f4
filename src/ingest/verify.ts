import type { RawRequest } from '../model/request.ts'
import type { Source } from '../model/source.ts'
import type { Verification } from '../model/verification.ts'
import { findProvider } from '../providers/registry.ts'
import type { KeyStore } from '../providers/scheme/keys.ts'

/**
 * Whether a request is the provider's. Every request and every setting gets a verdict; nothing that a sender or an
 * owner can write makes it throw.
 */
export async function verifyRequest({
  source,
  request,
  now,
  keys,
}: {
  source: Pick<Source, 'provider' | 'secrets' | 'settings'>
  request: RawRequest
  now: number
  keys: KeyStore
}): Promise<Verification> {
  if (source.settings.verification === 'off') return { verdict: 'unattempted' }
  const provider = findProvider(source.provider)
  if (provider === undefined) return { verdict: 'failed', reason: 'bad_config', hint: 'no such provider' }
  if (provider.scheme === undefined) return { verdict: 'unattempted' }
  return provider.scheme.verify({
    request,
    secrets: source.secrets,
    config: source.settings.config,
    now,
    keys,
  })
}
