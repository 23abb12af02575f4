import { AUTH_SECRETS } from './auth.ts'
import type { RequestSettings } from './delivery-request.ts'
import type { FieldError } from './problem.ts'
import { err, ok, type Result } from './result.ts'
import { MASK, type SealedParts, type Sealer } from './seal.ts'

/** Names of headers and parameters whose values are secrets or prove something. */
export const SECRET_NAME = /auth|token|secret|key|signature|cookie|password|credential/i

/**
 * Takes the secrets out of settings and seals them, leaving `***` in their place. Where `***` stands already, as in
 * settings that were read and sent back, the part that is `known` stays, and so it does where it is given again: to
 * set the same secret changes nothing. `id` is the endpoint's, to which they are bound.
 */
export async function maskSecrets<S extends RequestSettings>(
  settings: S,
  { known, id, sealer }: { known: SealedParts; id: string; sealer: Sealer },
): Promise<Result<{ settings: S; sealed: SealedParts }, FieldError[]>> {
  const sealed: SealedParts = {}
  const faults: FieldError[] = []
  for (const { path, value } of secretsIn(settings)) {
    const kept = known[path]
    const isKept =
      kept !== undefined && (value === MASK || (await sealer.open(kept, id).catch(() => undefined)) === value)
    if (isKept) sealed[path] = kept
    else if (value !== MASK) sealed[path] = await sealer.seal(value, id)
    else faults.push({ path, message: `has no stored value that ${MASK} could stand for` })
  }
  if (faults.length > 0) return err(faults)
  return ok({ settings: withSecrets(settings, () => MASK), sealed })
}

/** The settings with their secrets, for the one attempt that needs them. */
export async function unmaskSecrets<S extends RequestSettings>(
  settings: S,
  { sealed, id, sealer }: { sealed: SealedParts; id: string; sealer: Sealer },
): Promise<S> {
  const opened = new Map<string, string>()
  for (const [path, part] of Object.entries(sealed)) opened.set(path, await sealer.open(part, id))
  return withSecrets(settings, (path, value) => opened.get(path) ?? value)
}

/** Each secret with its dotted path. Header names are compared in lower case, as HTTP does. */
export function secretsIn({ auth, headers, query }: RequestSettings): { path: string; value: string }[] {
  const fields: Record<string, unknown> = auth
  const inAuth = AUTH_SECRETS[auth.type].flatMap((name) => {
    const value = fields[name]
    return typeof value === 'string' ? [{ path: `auth.${name}`, value }] : []
  })
  const inPairs = (root: 'headers' | 'query', pairs: Record<string, string>) =>
    Object.entries(pairs)
      .filter(([name]) => SECRET_NAME.test(name))
      .map(([name, value]) => ({ path: pathOf(root, name), value }))
  return [...inAuth, ...inPairs('headers', headers), ...inPairs('query', query)]
}

/** The settings with another value at the place of each secret. */
export function withSecrets<S extends RequestSettings>(
  settings: S,
  secretOf: (path: string, value: string) => string,
): S {
  const replaced = new Map(
    secretsIn(settings).map(({ path, value }) => [path, secretOf(path, value)] as const),
  )
  const within = <T extends object>(root: string, pairs: T): T =>
    Object.fromEntries(
      Object.entries(pairs).map(([name, value]) => [name, replaced.get(pathOf(root, name)) ?? value]),
    ) as T
  return {
    ...settings,
    auth: within('auth', settings.auth),
    headers: within('headers', settings.headers),
    query: within('query', settings.query),
  }
}

function pathOf(root: string, name: string): string {
  return `${root}.${root === 'headers' ? name.toLowerCase() : name}`
}
