import { expect } from 'vitest'

interface Schema {
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  enum?: unknown[]
}

interface Contract {
  paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: Schema }> }> }>
  >
}

/** Holds an answer against the contract: the status is the documented one, and no field is missing or undocumented. */
export function expectDocumented(
  contract: unknown,
  { method, path, status, body }: { method: string; path: string; status: number; body: unknown },
): void {
  const { paths } = contract as Contract
  const { pathname } = new URL(path, 'https://hooks.example')
  const templates = Object.keys(paths).filter((each) =>
    new RegExp(`^${each.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  )
  // `/events/batch` is a path of its own before it is an id.
  const template = templates.find((each) => !each.includes('{')) ?? templates[0]
  const response = paths[template ?? '']?.[method.toLowerCase()]?.responses[String(status)]
  expect(response, `${method} ${pathname} documents ${status}`).toBeDefined()
  const schema = response?.content?.['application/json']?.schema
  if (schema) expect(faults(schema, body, ''), `${method} ${pathname}`).toEqual([])
}

function faults(schema: Schema, value: unknown, path: string): string[] {
  if (schema.anyOf) {
    const each = schema.anyOf.map((branch) => faults(branch, value, path))
    return each.find((list) => list.length === 0) ?? each[0] ?? []
  }
  if (schema.enum) return schema.enum.includes(value) ? [] : [`${path}: not one of its values`]
  if (Array.isArray(value)) {
    const { items } = schema
    return items ? value.flatMap((item, i) => faults(items, item, `${path}.${i}`)) : []
  }
  const { properties } = schema
  if (!properties) return []
  if (typeof value !== 'object' || value === null) return [`${path}: not an object`]
  const missing = (schema.required ?? []).filter((key) => !(key in value))
  return [
    ...missing.map((key) => `${path}.${key}: missing`),
    ...Object.entries(value).flatMap(([key, inner]) => {
      const known = properties[key]
      return known ? faults(known, inner, `${path}.${key}`) : [`${path}.${key}: undocumented`]
    }),
  ]
}
