import type { JsonSchema } from './event-type.ts'

const DEPTH_MAX = 12

const FORMATS: Record<string, string> = {
  'date-time': '2026-01-17T10:30:00Z',
  date: '2026-01-17',
  time: '10:30:00Z',
  email: 'jane.doe@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
}

type Node = Record<string, unknown>

/** A value that fits the schema, as far as types, formats, lengths and ranges say; the same every time. */
export function sampleOf(schema: JsonSchema): unknown {
  return make(schema, schema, 0)
}

function make(schema: unknown, root: unknown, depth: number): unknown {
  if (!isNode(schema) || depth > DEPTH_MAX) return schema === false ? undefined : null
  const given = givenOf(schema)
  if (given !== undefined) return given
  const { $ref, allOf } = schema
  if (typeof $ref === 'string') return make(resolve($ref, root), root, depth + 1)
  if (Array.isArray(allOf)) return make(merged(schema, allOf, root), root, depth + 1)
  for (const choice of [schema['oneOf'], schema['anyOf']]) {
    if (Array.isArray(choice)) return make({ ...without(schema), ...asNode(choice[0]) }, root, depth + 1)
  }
  return ofType(schema, root, depth)
}

function givenOf({ const: constant, default: standard, examples, enum: values }: Node): unknown {
  if (constant !== undefined) return constant
  if (Array.isArray(examples) && examples.length > 0) return examples[0]
  if (standard !== undefined) return standard
  return Array.isArray(values) ? values[0] : undefined
}

function ofType(schema: Node, root: unknown, depth: number): unknown {
  const { type } = schema
  const first: unknown = Array.isArray(type) ? type.find((each) => each !== 'null') : type
  switch (first ?? (isNode(schema['properties']) ? 'object' : undefined)) {
    case 'object':
      return objectOf(schema, root, depth)
    case 'array': {
      const count = Math.min(Math.max(numberOf(schema['minItems'], 1), 1), 10)
      return Array.from({ length: count }, () => make(schema['items'] ?? true, root, depth + 1))
    }
    case 'string':
      return stringOf(schema)
    case 'integer':
    case 'number':
      return numberFor(schema, first === 'integer')
    case 'boolean':
      return true
    default:
      return null
  }
}

function objectOf(schema: Node, root: unknown, depth: number): unknown {
  const properties = Object.entries(asNode(schema['properties']))
  const isShort = depth > 4
  const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [])
  const wanted = isShort ? properties.filter(([name]) => required.has(name)) : properties
  return Object.fromEntries(wanted.map(([name, each]) => [name, make(each, root, depth + 1)]))
}

function stringOf({ format, minLength, maxLength }: Node): string {
  const text = (typeof format === 'string' && FORMATS[format]) || 'text'
  return text.padEnd(Math.min(numberOf(minLength, 0), 1000), 'x').slice(0, numberOf(maxLength, 1000))
}

function numberFor(schema: Node, isInteger: boolean): number {
  const step = isInteger ? 1 : 0.5
  const low = numberOf(schema['minimum'], numberOf(schema['exclusiveMinimum'], -Infinity) + step)
  const high = numberOf(schema['maximum'], numberOf(schema['exclusiveMaximum'], Infinity) - step)
  const within = Math.min(Math.max(1, low), high)
  const multiple = numberOf(schema['multipleOf'], 0)
  return multiple > 0 ? Math.ceil(within / multiple) * multiple : isInteger ? Math.ceil(within) : within
}

function merged(schema: Node, parts: unknown[], root: unknown): Node {
  const { allOf: _, ...rest } = schema
  const resolved = parts.map((part) => {
    const node = asNode(part)
    return typeof node['$ref'] === 'string' ? asNode(resolve(node['$ref'], root)) : node
  })
  const all = [...resolved, rest]
  const properties = Object.assign({}, ...all.map((each) => asNode(each['properties']))) as Node
  return Object.assign({}, ...all, { properties }) as Node
}

function without(schema: Node): Node {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== 'oneOf' && key !== 'anyOf'))
}

/** Within the schema itself: nothing is fetched. */
function resolve(ref: string, root: unknown): unknown {
  if (!ref.startsWith('#/')) return ref === '#' ? root : true
  let found: unknown = root
  for (const part of ref.slice(2).split('/')) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isNode(found) && Object.hasOwn(found, name) ? found[name] : undefined
  }
  return found ?? true
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function asNode(value: unknown): Node {
  return isNode(value) ? value : {}
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
