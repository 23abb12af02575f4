import type { RawRequest } from '../model/request.ts'
import type { Sibling, Source } from '../model/source.ts'
import type { Verification } from '../model/verification.ts'
import type { KeyStore } from '../providers/scheme/keys.ts'
import { verifyRequest } from './verify.ts'

/** Reasons behind which a secret of somewhere else may stand. */
const MISTAKEN: readonly string[] = ['signature_mismatch', 'wrong_secret', 'wrong_token']

/**
 * Whose secret a refused request was made with: one of this source that has ended, or that of another source of the
 * same provider, as when the webhook of the test environment is given the URL of the live one. For the owner's eyes,
 * and asked only for what is kept: it costs a query and a check for each secret. Never turns into a verdict.
 */
export async function explainMismatch(
  { source, request, now, keys }: { source: Source; request: RawRequest; now: number; keys: KeyStore },
  { reason }: { reason: string },
  siblings: () => Promise<Sibling[]>,
): Promise<string | undefined> {
  if (!MISTAKEN.includes(reason)) return undefined
  for (const { id, name, secrets } of await siblings()) {
    const others = secrets.filter((secret) => secret !== '' && !source.secrets.includes(secret))
    if (others.length === 0) continue
    const verification: Verification = await verifyRequest({
      source: { ...source, secrets: others },
      request,
      now,
      keys,
    })
    if (verification.verdict !== 'verified' && verification.verdict !== 'authenticated') continue
    if (id === source.id) return 'the secret is one of this source that has ended'
    return `the secret of the other environment: it is that of the source ${name} (${id})`
  }
  return undefined
}
