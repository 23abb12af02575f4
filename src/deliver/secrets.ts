import type { Endpoint } from '../model/endpoint.ts'
import type { Sealer } from '../model/seal.ts'

const OPENED_MAX = 64
const opened = new Map<string, Promise<string>>()

/** The secrets that sign now, newest first. Opened once in an isolate: AES costs more than the signature. */
export async function liveSecrets({ id, secrets }: Endpoint, sealer: Sealer, now: number): Promise<string[]> {
  const live = secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
  return await Promise.all(live.map(({ sealed }) => open(sealed, id, sealer)))
}

function open(sealed: string, context: string, sealer: Sealer): Promise<string> {
  const known = opened.get(sealed)
  if (known) return known
  const secret = sealer.open(sealed, context)
  if (opened.size >= OPENED_MAX) opened.clear()
  opened.set(sealed, secret)
  secret.catch(() => opened.delete(sealed))
  return secret
}
