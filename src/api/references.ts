import { z } from 'zod'
import { secretContext, secretsNamed } from '../db/secrets.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { TenantId } from '../model/id.ts'
import type { FieldError } from '../model/problem.ts'
import { MASK, type SealedParts, type SealedSecret } from '../model/seal.ts'
import { uidSchema } from '../model/tenant.ts'
import type { ApiDeps } from './deps.ts'
import { invalid } from './parse.ts'

/** What stands in a document of the configuration where a secret belongs. */
const referenceSchema = z.strictObject({ $secret: uidSchema })

/** Names of shared secrets by the dotted paths at which their values stand; names of headers in lower case. */
export type References = Record<string, string>

/** Opens every shared secret that the values name. Throws `invalid_request` for the places that name none. */
export async function openReferences(
  { db, sealer }: Pick<ApiDeps, 'db' | 'sealer'>,
  tenantId: TenantId,
  documents: readonly unknown[],
): Promise<ReadonlyMap<string, string>> {
  const named = documents.flatMap((document) => Object.entries(referencesIn(document)))
  const names = [...new Set(named.map(([, name]) => name))]
  if (names.length === 0) return new Map()
  const stored = await secretsNamed(db, { tenantId, names })
  const values = new Map<string, string>()
  for (const secret of stored) {
    values.set(secret.name, await sealer.open(secret.sealed, secretContext(secret)))
  }
  const missing = named.filter(([, name]) => !values.has(name))
  if (missing.length === 0) return values
  throw invalid(missing.map(([path, name]): FieldError => ({ path, message: `there is no secret ${name}` })))
}

export function referencesIn(value: unknown): References {
  const found: References = {}
  walk(value, (each, path) => {
    const name = nameIn(each)
    if (name !== undefined) found[path] = name
    return undefined
  })
  return found
}

/** The item with the values in the places of their names. */
export function resolved(item: unknown, values: ReadonlyMap<string, string>): unknown {
  return walk(item, (each) => values.get(nameIn(each) ?? ''))
}

/** What the API shows of a resource, with the names of shared secrets in the places of their masks. */
export function withNames(
  shown: Record<string, unknown>,
  { secrets, references = {} }: { secrets: readonly SealedSecret[]; references?: References },
  kind: 'sources' | 'endpoints',
): Record<string, unknown> {
  const named = walk(shown, (each, path) => {
    const name = each === MASK ? references[path] : undefined
    return name === undefined ? undefined : { $secret: name }
  }) as Record<string, unknown>
  const lasting = secrets.filter(isNameable).map(({ reference }) => reference)
  const isNamed = lasting.length > 0 && lasting.every((reference) => reference !== undefined)
  if (!isNamed) return named
  const names = lasting.map((name) => ({ $secret: name }))
  return { ...named, ...(kind === 'sources' ? { secrets: names } : { secret: names[0] }) }
}

/** The secrets that last, each with the name under which it is shared, if any. */
export function named(
  secrets: readonly SealedSecret[],
  names: readonly (string | undefined)[],
): SealedSecret[] {
  let at = 0
  return secrets.map((each) => {
    if (!isNameable(each)) return each
    const { reference: _, ...rest } = each
    const name = names[at++]
    return name === undefined ? rest : { ...rest, reference: name }
  })
}

/** Of sealed parts the shared ones: those that are named now, and those that have not changed since they were. */
export function referencesOf(
  sealed: SealedParts,
  { given, known }: { given: References; known: Pick<Endpoint, 'sealed' | 'references'> },
): References {
  const kept = Object.entries(known.references ?? {}).filter(
    ([path]) => sealed[path] !== undefined && sealed[path] === known.sealed?.[path],
  )
  return Object.fromEntries([...kept, ...Object.entries(given).filter(([path]) => path in sealed)])
}

/** Throws for a reference where the value would not be kept as a secret: it would be shown. */
export function requirePlaces(references: References, isPlace: (path: string) => boolean): void {
  const wrong = Object.keys(references).filter((path) => !isPlace(path))
  if (wrong.length > 0) throw invalid(wrong.map((path) => ({ path, message: 'takes no secret' })))
}

function isNameable({ expiresAt, publicKey }: SealedSecret): boolean {
  return expiresAt === null && publicKey === undefined
}

function nameIn(value: unknown): string | undefined {
  return referenceSchema.safeParse(value).data?.$secret
}

/** A copy of a JSON value with each part that `at` answers something for replaced by that. */
function walk(value: unknown, at: (value: unknown, path: string) => unknown, path = ''): unknown {
  const replaced = at(value, path)
  if (replaced !== undefined) return replaced
  if (typeof value !== 'object' || value === null) return value
  const within = (key: string, inner: unknown) => {
    const name = path.endsWith('headers') ? key.toLowerCase() : key
    return walk(inner, at, path === '' ? name : `${path}.${name}`)
  }
  if (Array.isArray(value)) return value.map((each, i) => within(String(i), each))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, within(key, inner)]))
}
