import type { RawRequest } from '../model/request.ts'
import type { Source } from '../model/source.ts'
import { askOf, type Ask, type Handshake, type HandshakeAnswer } from '../providers/scheme/handshake.ts'
import { findProvider } from '../providers/registry.ts'
import type { KeyStore } from '../providers/scheme/keys.ts'
import { verifyRequest } from './verify.ts'

/**
 * The answer to a provider's challenge, or undefined when the request is none. A challenge is answered and never
 * stored, whatever the source thinks of its signature, unless the provider signs its challenges.
 */
export async function answerHandshake({
  source,
  request,
  now,
  keys,
}: {
  source: Pick<Source, 'provider' | 'secrets' | 'settings'>
  request: RawRequest
  now: number
  keys: KeyStore
}): Promise<HandshakeAnswer | undefined> {
  const handshakes = findProvider(source.provider)?.handshakes
  if (handshakes === undefined) return undefined
  const ask = askOf({ request, secrets: source.secrets, config: source.settings.config, now, keys })
  for (const handshake of handshakes) {
    if (!fits(handshake, ask)) continue
    if (handshake.signed) {
      const { verdict } = await verifyRequest({ source, request, now, keys })
      if (verdict === 'failed') return undefined
    }
    const answer = await handshake.answer(ask)
    if (answer !== undefined) return answer
  }
  return undefined
}

function fits({ when }: Handshake, { request, read }: Ask): boolean {
  if (when.method !== undefined && when.method !== request.method) return false
  if (when.lacks?.some((place) => read(place) !== undefined)) return false
  return Object.entries(when.has ?? {}).every(([place, wanted]) => {
    const value = read(place)
    return value !== undefined && (wanted === true || value === wanted)
  })
}
