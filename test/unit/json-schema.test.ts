import { describe, expect, it } from 'vitest'
import { schemaErrors, schemaFault } from '../../src/providers/scheme/json-schema.ts'

const order = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', pattern: '^o_' },
    lines: { type: 'array', items: { $ref: '#/$defs/line' } },
  },
  $defs: { line: { type: 'object', properties: { count: { type: 'integer', minimum: 1 } } } },
}

describe('a value', () => {
  it('that fits has no errors', () => {
    expect(schemaErrors(order, { id: 'o_1', lines: [{ count: 1 }], more: null })).toEqual([])
  })

  it('that does not fit is told where, without its containers', () => {
    const paths = schemaErrors(order, { id: 'x', lines: [{ count: 1 }, { count: 0 }] }).map(
      ({ path }) => path,
    )
    expect(paths).toEqual(['id', 'lines.1.count'])
    expect(schemaErrors(order, [])).toEqual([{ path: '', message: expect.stringContaining('type') }])
  })

  it('fits no schema that refers to itself without end', () => {
    expect(schemaErrors({ $ref: '#' }, {})).toEqual([{ path: '', message: expect.any(String) }])
  })
})

describe('a schema', () => {
  it('that can be applied has no fault', () => {
    expect(schemaFault(order)).toBeUndefined()
    expect(schemaFault({})).toBeUndefined()
  })

  it.each([
    [{ $ref: '#/$defs/none' }, '$ref #/$defs/none leads nowhere'],
    [{ $ref: 'https://example.com/schema' }, '$ref https://example.com/schema leads nowhere'],
    [{ properties: { a: { pattern: '(' } } }, 'the pattern ( is no regular expression'],
    [{ $id: 'https://' }, 'is no JSON Schema'],
  ])('%j is told what is wrong', (schema, fault) => {
    expect(schemaFault(schema)).toBe(fault)
  })
})
