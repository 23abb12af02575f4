import type { RegistrationRecord } from '../db/registrations.ts'
import type { SourceRecord } from '../db/sources.ts'
import { randomBytes, toBase64 } from '../model/bytes.ts'
import { ProblemError } from '../model/problem.ts'
import { liveSecrets, type SealedSecret, type Sealer } from '../model/seal.ts'
import type { SecretOrigin } from '../registrations/registration.ts'
import { GRACE_SECONDS, LIVE_MAX, sealAll } from './secrets.ts'

const RANDOM_BYTES = 32

/** The secret that hooks are to sign with. */
export interface ChosenSecret {
  plain: string
  /** As the source keeps it, or is to. */
  sealed: string
  /** The source does not have it yet. */
  added: SealedSecret | undefined
}

export interface Choice {
  source: SourceRecord
  /** All of the source. */
  registrations: readonly RegistrationRecord[]
  origin: SecretOrigin
  /** By the caller, or out of the credentials. */
  given: string | undefined
  baseUrl: string
  /** The base URL is the provider's own. */
  isPinned: boolean
  sealer: Sealer
  now: number
}

/**
 * Undefined: the provider says it, or nobody does. A secret that is there is only given to the provider itself, or to
 * where it was given before: whoever may register must not read a secret by registering at a server of his own.
 */
export async function chooseSecret(choice: Choice): Promise<ChosenSecret | undefined> {
  const { source, origin, given, sealer } = choice
  const live = await Promise.all(
    liveSecrets(source.secrets, choice.now).map(async (each) => ({
      ...each,
      plain: await sealer.open(each.sealed, source.id),
    })),
  )
  if (given !== undefined) {
    const same = live.find(({ plain, expiresAt }) => plain === given && expiresAt === null)
    return same ? { plain: given, sealed: same.sealed, added: undefined } : await add(given, choice)
  }
  if (origin.from !== 'us') return undefined
  const known = new Set(
    choice.registrations
      .filter(({ place }) => place.baseUrl === choice.baseUrl)
      .map(({ settings }) => settings.secret),
  )
  const usable = live.find(
    ({ plain, sealed, expiresAt }) =>
      expiresAt === null && origin.suits(plain) && (choice.isPinned || known.has(sealed)),
  )
  if (usable) return { plain: usable.plain, sealed: usable.sealed, added: undefined }
  return await add(origin.make(toBase64(randomBytes(RANDOM_BYTES))), choice)
}

/** Seals a secret for the source; throws `conflict` when it has as many as it may. */
export async function add(
  plain: string,
  { source, sealer, now }: Pick<Choice, 'source' | 'sealer' | 'now'>,
): Promise<ChosenSecret> {
  requireRoomForSecret(source, now)
  const [added] = await sealAll([plain], { id: source.id, sealer, now })
  if (!added) throw new Error('nothing was sealed')
  return { plain, sealed: added.sealed, added }
}

export function requireRoomForSecret({ secrets }: SourceRecord, now: number): void {
  if (liveSecrets(secrets, now).length < LIVE_MAX) return
  throw new ProblemError(
    'conflict',
    `The source has ${LIVE_MAX} live secrets. Rotate with \`gracePeriodSeconds\` 0, or register at another source.`,
  )
}

/** The secrets with one before them, and perhaps one that ends with the usual grace period. */
export function withSecret(
  secrets: readonly SealedSecret[],
  { added, retired, now }: { added?: SealedSecret | undefined; retired?: string | undefined; now: number },
): SealedSecret[] {
  const end = now + GRACE_SECONDS * 1000
  const older = secrets.map((each) =>
    each.sealed === retired ? { ...each, expiresAt: Math.min(each.expiresAt ?? end, end) } : each,
  )
  return added ? [added, ...older] : older
}

/** Whether the secret of a registration came with it and serves no other. */
export function isOwnSecret(
  { id, settings }: RegistrationRecord,
  registrations: readonly RegistrationRecord[],
): boolean {
  const isShared = registrations.some((each) => each.id !== id && each.settings.secret === settings.secret)
  return settings.bringsSecret && settings.secret !== null && !isShared
}
