import { z } from 'zod'
import { fromBase64, randomBytes, toBase64 } from '../model/bytes.ts'
import type { SealedSecret, Sealer } from '../model/seal.ts'

/** A request signed with more secrets than this would carry too long a header; the oldest go first. */
export const LIVE_MAX = 5
export const GRACE_SECONDS = 86_400
const GENERATED_BYTES = 32
const PREFIX = 'whsec_'

/** A signing secret as Standard Webhooks writes it: `whsec_` and 24 to 64 bytes in base64. */
export const signingSecretSchema = z.string().refine((secret) => {
  const bytes = secret.startsWith(PREFIX) ? fromBase64(secret.slice(PREFIX.length)) : undefined
  return bytes !== undefined && bytes.byteLength >= 24 && bytes.byteLength <= 64
}, 'must be whsec_ and 24 to 64 bytes in base64')

/** How long the secrets before it stay valid beside a new one; 0: not at all. */
export const gracePeriodSchema = z.int().min(0).max(604_800).default(GRACE_SECONDS)

export function generateSecret(): string {
  return PREFIX + toBase64(randomBytes(GENERATED_BYTES))
}

/** Puts a secret before those there are, which end with the grace period if not sooner. Times in milliseconds. */
export async function rotate(
  secrets: readonly SealedSecret[],
  {
    secret,
    id,
    sealer,
    now,
    gracePeriodSeconds,
  }: { secret: string; id: string; sealer: Sealer; now: number; gracePeriodSeconds: number },
): Promise<SealedSecret[]> {
  const end = now + gracePeriodSeconds * 1000
  const older = secrets.map((each) => ({ ...each, expiresAt: Math.min(each.expiresAt ?? end, end) }))
  const newest: SealedSecret = { sealed: await sealer.seal(secret, id), expiresAt: null, createdAt: now }
  return [newest, ...older.filter((each) => each.expiresAt > now)].slice(0, LIVE_MAX)
}

/** Gives those that last and are shared under the name its new value; what was before ends with the grace period. */
export async function renew(
  secrets: SealedSecret[],
  {
    name,
    value,
    id,
    sealer,
    now,
    gracePeriodSeconds,
  }: { name: string; value: string; id: string; sealer: Sealer; now: number; gracePeriodSeconds: number },
): Promise<SealedSecret[]> {
  const renewed = await Promise.all(
    secrets.map(async (each) => {
      const isShared = each.reference === name && each.expiresAt === null
      if (!isShared || (await sealer.open(each.sealed, id)) === value) return [each]
      const { reference: _, ...older } = each
      const sealed = await sealer.seal(value, id)
      const newest: SealedSecret = { sealed, expiresAt: null, createdAt: now, reference: name }
      return [newest, { ...older, expiresAt: now + gracePeriodSeconds * 1000 }]
    }),
  )
  if (renewed.every(({ length }) => length === 1)) return secrets
  return renewed
    .flat()
    .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
    .slice(0, LIVE_MAX)
}

/** Seals the secrets of a new resource, newest first, none with an end. */
export function sealAll(
  secrets: readonly string[],
  { id, sealer, now }: { id: string; sealer: Sealer; now?: number },
): Promise<SealedSecret[]> {
  const age = now === undefined ? {} : { createdAt: now }
  return Promise.all(
    secrets.map(async (secret) => ({ sealed: await sealer.seal(secret, id), expiresAt: null, ...age })),
  )
}

/** What a PUT of secrets means: those stored, if the ones without an end are the ones given, else the ones given. */
export async function putSecrets(
  current: SealedSecret[],
  given: readonly string[],
  { id, sealer }: { id: string; sealer: Sealer },
): Promise<SealedSecret[]> {
  const lasting = current.filter(({ expiresAt }) => expiresAt === null)
  const opened = await Promise.all(lasting.map(({ sealed }) => sealer.open(sealed, id)))
  const isSame = opened.length === given.length && opened.every((secret, i) => secret === given[i])
  return isSame ? current : sealAll(given, { id, sealer })
}
