import { dereference, Validator, type OutputUnit, type Schema } from '@cfworker/json-schema'
import type { FieldError } from '../../model/problem.ts'

/** A JSON Schema as its owner wrote it: an object, whatever is inside. */
export type JsonSchema = Record<string, unknown>

const ERRORS_MAX = 10
const MESSAGE_CHARS_MAX = 200
/** They only say that something inside them does not fit. */
const CONTAINERS = /^(properties|patternProperties|additionalProperties|items|prefixItems|allOf|anyOf|\$ref)$/

const compiled = new WeakMap<JsonSchema, Validator>()

/**
 * Where a value does not fit a JSON Schema (2020-12); empty when it fits. A schema that cannot be applied to the
 * value (it refers to itself without end) fits nothing.
 */
export function schemaErrors(schema: JsonSchema, value: unknown): FieldError[] {
  try {
    const validator = compiled.get(schema) ?? compile(schema)
    compiled.set(schema, validator)
    const { valid, errors } = validator.validate(value)
    if (valid) return []
    const told = errors.filter(({ keyword }) => !CONTAINERS.test(keyword))
    return (told.length > 0 ? told : errors).slice(0, ERRORS_MAX).map(fieldError)
  } catch {
    return [{ path: '', message: 'the schema cannot be applied to this' }]
  }
}

/** What is wrong with a schema itself, or undefined. */
export function schemaFault(schema: JsonSchema): string | undefined {
  try {
    const lookup = dereference(structuredClone(schema) as Schema)
    for (const each of Object.values(lookup)) {
      if (typeof each === 'boolean') continue
      const { __absolute_ref__: ref = '', pattern, patternProperties = {} } = each
      if (ref !== '' && !resolves(ref, lookup)) return `$ref ${String(each.$ref)} leads nowhere`
      for (const source of [...(pattern === undefined ? [] : [pattern]), ...Object.keys(patternProperties)]) {
        if (!isPattern(source)) return `the pattern ${source.slice(0, 50)} is no regular expression`
      }
    }
    return undefined
  } catch {
    return 'is no JSON Schema'
  }
}

/** The validator writes into the schema that it is given. */
function compile(schema: JsonSchema): Validator {
  return new Validator(structuredClone(schema) as Schema, '2020-12', false)
}

function resolves(ref: string, lookup: Record<string, unknown>): boolean {
  return Object.hasOwn(lookup, ref) || Object.hasOwn(lookup, ref.replace(/#$/, ''))
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u').source !== ''
  } catch {
    return false
  }
}

function fieldError({ instanceLocation, error }: OutputUnit): FieldError {
  const path = instanceLocation
    .replace(/^#\/?/, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.')
  return { path: path.slice(0, MESSAGE_CHARS_MAX), message: error.slice(0, MESSAGE_CHARS_MAX) }
}
