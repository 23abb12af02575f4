import { Validator, type Schema as JsonSchema } from '@cfworker/json-schema'
import { expect } from 'vitest'

interface Schema {
  type?: string
  properties?: Record<string, Schema>
  additionalProperties?: unknown
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  enum?: unknown[]
}

export type Content = Record<string, { schema: Schema; example?: unknown }>

export interface Documented {
  operationId: string
  description: string
  security: Record<string, string[]>[]
  parameters: { name: string; in: string; required?: boolean }[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
}

export interface Contract {
  paths: Record<string, Record<string, Documented>>
  components: { schemas: Record<string, Schema>; examples: Record<string, { value: unknown }> }
}

interface Answered {
  method: string
  path: string
  status: number
  body: unknown
}

/**
 * Holds an answer against the contract: the status is a documented one, the body fits its schema with no field beyond
 * it, and the code of a problem is among those that the call says it may answer. What is no call of the contract (404
 * and 405) is not looked at.
 */
export function expectDocumented(contract: Contract, answered: Answered): void {
  const { method, path, status, body } = answered
  const { pathname } = new URL(path, 'https://hooks.example')
  const documented = findOperation(contract, method, pathname)
  if (!documented && status >= 400) return
  const response = documented?.responses[String(status)]
  const name = `${method} ${pathname} ${status}`
  expect(response, `${name} ${JSON.stringify(body)} is documented`).toBeDefined()
  if (!response) return
  const { 'application/json': json, 'application/problem+json': problem } = response.content ?? {}
  if (json) expect(faultsOf(json.schema, body), name).toEqual([])
  if (problem) {
    expect(codesOf(problem.schema), name).toContain((body as { code: string }).code)
    expect(faultsOf(contract.components.schemas['Problem'] ?? {}, body), name).toEqual([])
  }
}

/** The codes that a refusal of this kind may have. */
export function codesOf({ allOf = [] }: Schema): unknown[] {
  return allOf.flatMap(({ properties }) => properties?.['code']?.enum ?? [])
}

/** What of the value does not fit, types and formats included, and which of its fields are not documented. */
export function faultsOf(schema: Schema, value: unknown): string[] {
  const validator = validators.get(schema) ?? new Validator(schema as JsonSchema, '2020-12', false)
  validators.set(schema, validator)
  const { errors } = validator.validate(value)
  const misfits = errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`)
  return [...misfits, ...undocumented(schema, value, '')]
}

const validators = new Map<Schema, Validator>()

function findOperation({ paths }: Contract, method: string, pathname: string): Documented | undefined {
  const templates = Object.keys(paths).filter((each) =>
    new RegExp(`^${each.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  )
  // `/events/batch` is a path of its own before it is an id.
  const [first] = templates.toSorted((a, b) => Number(a.includes('{')) - Number(b.includes('{')))
  const here = first === undefined ? undefined : paths[first]?.[method.toLowerCase()]
  return here ?? templates.map((each) => paths[each]?.[method.toLowerCase()]).find((each) => each)
}

function undocumented(schema: Schema, value: unknown, path: string): string[] {
  const branches = schema.anyOf ?? schema.oneOf
  if (branches) {
    const each = branches.map((branch) => undocumented(branch, value, path))
    return each.find((list) => list.length === 0) ?? each[0] ?? []
  }
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.flatMap((item, i) => undocumented(items, item, `${path}.${i}`)) : []
  }
  const { properties, additionalProperties } = schema
  if (!properties || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const known = properties[key]
    if (known) return undocumented(known, inner, `${path}.${key}`)
    return typeof additionalProperties === 'object' ? [] : [`${path}.${key}: undocumented`]
  })
}
