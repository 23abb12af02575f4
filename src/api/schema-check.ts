import { Validator, type Schema } from '@cfworker/json-schema'
import { getEventType } from '../db/event-types.ts'
import { newestVersion, type EventTypeSettings, type JsonSchema } from '../model/event-type.ts'
import type { TenantId } from '../model/id.ts'
import { parsePattern, type Node } from '../model/pattern-syntax.ts'
import { ProblemError, type FieldError } from '../model/problem.ts'

const SCHEMA_CHARS_MAX = 64 * 1024
const DEPTH_MAX = 30
/** Of a text that a pattern is asked of: the platform's own search may take the square of it. */
const MATCHED_CHARS_MAX = 10_000
const ERRORS_MAX = 20
/** How long an isolate believes an event type; the one that changes it knows at once. */
const CACHED_MS = 10_000
const CACHED_MAX = 500

/** What is wrong with a schema that a tenant gives; its patterns run on the platform's own engine, so they are bounded here. */
export function schemaFaults(schema: JsonSchema, at: string): FieldError[] {
  if (JSON.stringify(schema).length > SCHEMA_CHARS_MAX) {
    return [{ path: at, message: `is longer than ${SCHEMA_CHARS_MAX} characters` }]
  }
  const faults = patternFaults(schema, at, 0)
  if (faults.length > 0) return faults
  try {
    new Validator(schema as Schema | boolean, '2020-12').validate({})
    return []
  } catch (error) {
    return [{ path: at, message: `is no usable JSON Schema: ${String(error).slice(0, 200)}` }]
  }
}

/** Checks published data against the catalogue. */
export class SchemaCheck {
  readonly #db: D1Database
  readonly #known = new Map<string, { settings: EventTypeSettings | undefined; until: number }>()

  constructor(db: D1Database) {
    this.#db = db
  }

  forget(tenantId: TenantId, name: string): void {
    this.#known.delete(`${tenantId}/${name}`)
  }

  /** The version that the data was checked against; undefined: the type has no schema. Throws `schema_mismatch`. */
  async check(
    tenantId: TenantId,
    { type, version, data }: { type: string; version?: string | undefined; data: unknown },
    { now, at }: { now: number; at: string },
  ): Promise<string | undefined> {
    const { schemas = {} } = (await this.#settings(tenantId, type, now)) ?? {}
    const chosen = version ?? newestVersion(schemas)
    const schema = chosen === undefined || !Object.hasOwn(schemas, chosen) ? undefined : schemas[chosen]
    if (schema === undefined) {
      if (version === undefined || Object.keys(schemas).length === 0) return version
      const errors = [{ path: `${at}version`, message: `is none of ${Object.keys(schemas).join(', ')}` }]
      throw new ProblemError('schema_mismatch', `The event type \`${type}\` has no such version.`, { errors })
    }
    const errors = mismatches(schema, data, `${at}data`)
    if (errors.length === 0) return chosen
    const [first] = errors
    const detail = `The data does not fit version ${chosen} of \`${type}\`: ${first?.path}: ${first?.message}`
    throw new ProblemError('schema_mismatch', detail, { errors })
  }

  async #settings(tenantId: TenantId, name: string, now: number): Promise<EventTypeSettings | undefined> {
    const key = `${tenantId}/${name}`
    const found = this.#known.get(key)
    if (found && found.until > now) return found.settings
    const settings = (await getEventType(this.#db, tenantId, name))?.settings
    if (this.#known.size >= CACHED_MAX) this.#known.clear()
    this.#known.set(key, { settings, until: now + CACHED_MS })
    return settings
  }
}

/** Where the data does not fit, deepest first. */
export function mismatches(schema: JsonSchema, data: unknown, at: string): FieldError[] {
  if (hasPattern(schema) && hasLongText(data)) {
    return [
      {
        path: at,
        message: `has a text of more than ${MATCHED_CHARS_MAX} characters, too long for a pattern`,
      },
    ]
  }
  const { valid, errors } = new Validator(schema as Schema | boolean, '2020-12', false).validate(data)
  if (valid) return []
  // The places that only say that something below them is wrong say nothing new.
  const said = errors.filter(({ keyword }) => keyword !== 'properties' && keyword !== 'items')
  return (said.length > 0 ? said : errors).slice(0, ERRORS_MAX).map(({ instanceLocation, error }) => ({
    path: [at, ...instanceLocation.split('/').slice(1)].join('.'),
    message: error,
  }))
}

function patternFaults(schema: unknown, at: string, depth: number): FieldError[] {
  if (typeof schema !== 'object' || schema === null) return []
  if (depth > DEPTH_MAX) return [{ path: at, message: `nests deeper than ${DEPTH_MAX} levels` }]
  return Object.entries(schema).flatMap(([key, value]: [string, unknown]) => {
    const below = `${at}.${key}`
    const own = key === 'pattern' && typeof value === 'string' ? faultsOfPattern(value, below) : []
    const names =
      key === 'patternProperties' && typeof value === 'object' && value !== null ? Object.keys(value) : []
    return [
      ...own,
      ...names.flatMap((name) => faultsOfPattern(name, `${below}.${name}`)),
      ...patternFaults(value, below, depth + 1),
    ]
  })
}

function faultsOfPattern(pattern: string, path: string): FieldError[] {
  const parsed = parsePattern(pattern)
  if (!parsed.ok) return [{ path, message: parsed.error }]
  const unbounded = unboundedIn(parsed.value, false)
  if (unbounded === undefined) return [{ path, message: 'repeats what repeats: write it without' }]
  if (unbounded > 2 || (unbounded > 0 && !pattern.startsWith('^'))) {
    return [{ path, message: 'may repeat without bound at most twice, and then begins with ^' }]
  }
  return []
}

/** How many parts repeat without a bound; undefined: one of them within another. */
function unboundedIn(node: Node, isRepeated: boolean): number | undefined {
  switch (node.kind) {
    case 'char':
    case 'start':
    case 'end':
      return 0
    case 'repeat': {
      if (isRepeated && node.max > 1) return undefined
      const inner = unboundedIn(node.of, isRepeated || node.max > 1)
      return inner === undefined ? undefined : inner + (node.max === Infinity ? 1 : 0)
    }
    case 'sequence':
    case 'choice': {
      const parts = node.kind === 'sequence' ? node.parts : node.options
      return parts.reduce<number | undefined>((sum, part) => {
        const inner = unboundedIn(part, isRepeated)
        return sum === undefined || inner === undefined ? undefined : sum + inner
      }, 0)
    }
  }
}

function hasPattern(schema: JsonSchema): boolean {
  return JSON.stringify(schema).includes('"pattern')
}

function hasLongText(data: unknown): boolean {
  if (typeof data === 'string') return data.length > MATCHED_CHARS_MAX
  if (typeof data !== 'object' || data === null) return false
  return Object.entries(data).some(([key, value]) => key.length > MATCHED_CHARS_MAX || hasLongText(value))
}
