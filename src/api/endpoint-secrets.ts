import { z } from 'zod'
import { endpointFaults, type Endpoint, type EndpointSettings } from '../model/endpoint.ts'
import { maskSecrets, secretsIn } from '../model/masked.ts'
import { ProblemError, type FieldError } from '../model/problem.ts'
import { MASK, type SealedParts, type SealedSecret, type Sealer } from '../model/seal.ts'
import type { Signing } from '../model/signing.ts'
import { sampleUrl } from '../model/url-template.ts'
import { keyFaults } from './key-check.ts'
import { invalid } from './parse.ts'
import { referencesOf, requirePlaces, type References } from './references.ts'
import { putSecrets, rotate, sealAll, signingSecretSchema } from './secrets.ts'
import { generateSigningPair } from './signing-keys.ts'

/** Receivers with a scheme of their own often have a secret of their own as well, which is taken as its text. */
const plainSecretSchema = z
  .string()
  .min(16)
  .max(256)
  .regex(/^(?!whs)[\x21-\x7e]+$/, 'visible ASCII that does not begin with whs')

export const endpointSecretSchema = z
  .string()
  .superRefine((secret, context) => {
    const schema = secret.startsWith('whs') ? signingSecretSchema : plainSecretSchema
    for (const { message } of schema.safeParse(secret).error?.issues ?? []) {
      context.addIssue({ code: 'custom', message })
    }
  })
  .meta({
    description: '`whsec_` and 24 to 64 bytes in base64; for `sha256-hex` and `custom` also plain text.',
  })

interface Owner {
  id: string
  sealer: Sealer
}

/** What is stored of settings that a caller gave: masked, with the secrets sealed. Throws when a field is at fault. */
export async function sealSettings(
  given: EndpointSettings,
  {
    known,
    references = {},
    id,
    sealer,
  }: Owner & { known: Pick<Endpoint, 'sealed' | 'references'>; references?: References | undefined },
): Promise<{ settings: EndpointSettings; sealed: SealedParts; references: References }> {
  const faults = [...endpointFaults(given), ...(await keyFaults(given))]
  if (faults.length > 0) throw invalid(faults)
  const masked = await maskSecrets(given, { known: known.sealed ?? {}, id, sealer })
  if (!masked.ok) throw invalid(masked.error)
  const { settings, sealed } = masked.value
  requirePlaces(references, (path) => path === 'secret' || path in sealed)
  return { settings, sealed, references: referencesOf(sealed, { given: references, known }) }
}

/**
 * Throws `secret_required` when `***` stands for a secret that would go to another origin than the one it was given
 * for: whoever may change a URL need not be somebody who knows the secret, and must not learn it that way.
 */
export function requireSecretsAgain(given: EndpointSettings, before: EndpointSettings): void {
  const known = targetsOf(before)
  const moved = Object.entries(targetsOf(given))
    // One that was polled had no target.
    .filter(([path, url]) => known[path] === undefined || new URL(url).origin !== new URL(known[path]).origin)
    .map(([path]) => path)
  if (moved.length === 0) return
  const paths = secretsIn(given)
    .filter(({ value, path }) => value === MASK && (moved.includes('url') || path === 'auth.clientSecret'))
    .map(({ path }) => path)
  if (paths.length === 0) return
  throw new ProblemError('secret_required', `\`${moved.join('` and `')}\` changes its origin: ${AGAIN}`, {
    errors: paths.map((path) => ({ path, message: 'must be given again for the new target' })),
  })
}

const AGAIN = 'give again the secrets that would go there, or leave them out.'

/** Where an endpoint's secrets go: the receiver, and who gives tokens for it. */
export function targetsOf({ url, auth }: EndpointSettings): Record<string, string> {
  const target: Record<string, string> = url === '' ? {} : { url: sampleUrl(url) }
  return auth.type === 'oauth2' ? { ...target, 'auth.tokenUrl': auth.tokenUrl } : target
}

/** Standard Webhooks signs with bytes in base64; a plain text would be mistaken for it. */
export function requireSecretFits(secret: string, { scheme }: Signing): void {
  const takesText = scheme === 'sha256-hex' || scheme === 'custom'
  if (takesText || secret.startsWith('whsec_')) return
  const fault: FieldError = { path: 'secret', message: `must begin with whsec_ for ${scheme}` }
  throw invalid([fault])
}

export async function newSecrets(secret: string, signing: Signing, owner: Owner): Promise<SealedSecret[]> {
  return withKeyPair(await sealAll([secret], owner), signing, owner)
}

/** A scheme with key pairs has one from the moment it is chosen. */
export async function withKeyPair(
  secrets: SealedSecret[],
  { scheme }: Signing,
  { id, sealer }: Owner,
): Promise<SealedSecret[]> {
  const hasPair = secrets.some(({ publicKey, expiresAt }) => publicKey !== undefined && expiresAt === null)
  if (scheme !== 'standard-ed25519' || hasPair) return secrets
  const { secret, publicKey } = await generateSigningPair()
  return [{ sealed: await sealer.seal(secret, id), expiresAt: null, publicKey }, ...secrets]
}

/** A new shared secret, and with a scheme that has them a new pair; what was before ends with the grace period. */
export async function rotateAll(
  secrets: readonly SealedSecret[],
  { signing, ...how }: Parameters<typeof rotate>[1] & { signing: Signing },
): Promise<SealedSecret[]> {
  const { pairs, shared } = divided(secrets)
  const rotated = await rotate(shared, how)
  if (signing.scheme !== 'standard-ed25519') return [...pairs, ...rotated]
  const { secret, publicKey } = await generateSigningPair()
  const [newest, ...older] = await rotate(pairs, { ...how, secret })
  return [...(newest ? [{ ...newest, publicKey }] : []), ...older, ...rotated]
}

/** What a PUT of the shared secret means; undefined leaves it. Key pairs are not put. */
export async function putShared(
  secrets: SealedSecret[],
  given: string | undefined,
  owner: Owner,
): Promise<SealedSecret[]> {
  const { pairs, shared } = divided(secrets)
  return given === undefined ? secrets : [...pairs, ...(await putSecrets(shared, [given], owner))]
}

export function divided(secrets: readonly SealedSecret[]): {
  pairs: SealedSecret[]
  shared: SealedSecret[]
} {
  return {
    pairs: secrets.filter(({ publicKey }) => publicKey !== undefined),
    shared: secrets.filter(({ publicKey }) => publicKey === undefined),
  }
}
