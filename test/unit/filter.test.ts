import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilter, type Filter } from '../../src/route/filter.ts'

function filterOf(source: unknown): Filter {
  const compiled = compileFilter(source)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return compiled.value
}

const matches = (source: unknown, root: unknown) => filterOf(source).test(root).matches
const faults = (source: unknown) => {
  const compiled = compileFilter(source)
  return compiled.ok ? [] : compiled.error.map(({ path }) => path)
}

const EVENT = {
  type: 'tickets.updated',
  headers: { 'x-github-event': 'push' },
  query: { page: '2' },
  path: '/orders',
  metadata: { verified: 'verified', source: 'src_1' },
  geo: { country: 'DE', asn: 3320 },
  body: {
    data: { rating: 2, name: 'Acme', tags: ['new', 'b2b'], gone: null, address: { zip: '94105' } },
    lines: [
      { sku: 'a', price: 5, sizes: [1, 2] },
      { sku: 'b', price: 50, sizes: [3] },
    ],
    changes: {
      last_update_user: 'Jane',
      customfields: [
        { id: 105, old_value: false, new_value: true },
        { id: 107, new_value: 'x' },
      ],
    },
  },
}

describe('operators', () => {
  it.each([
    [{ type: 'tickets.updated' }, true],
    [{ 'body.data.rating': 2 }, true],
    [{ 'data.rating': { $eq: 2 } }, true],
    [{ 'data.rating': '2' }, false],
    [{ 'data.rating': { $ne: 3 } }, true],
    [{ 'data.missing': { $ne: 3 } }, true],
    [{ 'data.rating': { $in: [1, 2] } }, true],
    [{ 'data.rating': { $nin: [1, 2] } }, false],
    [{ 'data.rating': { $gt: 1, $lte: 2 } }, true],
    [{ 'data.rating': { $lt: 2 } }, false],
    [{ 'data.rating': { $gte: '2' } }, false],
    [{ 'data.address': { zip: '94105' } }, true],
    [{ 'data.name': { $contains: 'cm' } }, true],
    [{ 'data.tags': { $contains: 'b2b' } }, true],
    [{ 'data.tags': 'b2b' }, true],
    [{ 'data.tags': ['new', 'b2b'] }, true],
    [{ 'data.tags': ['b2b', 'new'] }, false],
    [{ 'data.name': { $startsWith: 'Ac', $endsWith: 'me' } }, true],
    [{ 'data.gone': { $exists: true } }, true],
    [{ 'data.gone': null }, true],
    [{ 'data.missing': { $exists: true } }, false],
    [{ 'data.missing.deeper': { $exists: false } }, true],
    [{ 'data.name': { $regex: '^[A-Z]\\w+$' } }, true],
    [{ 'data.name': { $regex: '(?i)ACME' } }, true],
    [{ 'data.name': { $not: { $eq: 'Acme' } } }, false],
    [{ 'data.name': { $not: { $startsWith: 'A', $endsWith: 'x' } } }, true],
    [{}, true],
    [[], true],
  ])('%j is %s', (source, expected) => expect(matches(source, EVENT)).toBe(expected))

  it.each([
    [{ 'headers.X-GitHub-Event': 'push' }],
    [{ 'query.page': '2' }],
    [{ path: { $startsWith: '/orders' } }],
    [{ 'metadata.verified': 'verified' }],
    [{ 'geo.country': { $in: ['DE', 'AT', 'CH'] } }],
    [{ $and: [{ 'geo.asn': 3320 }, { $or: [{ path: '/x' }, { path: '/orders' }] }] }],
    [{ $nor: [{ path: '/x' }, { path: '/y' }] }],
    [{ $not: { 'geo.country': 'US' } }],
  ])('%j sees the whole request', (source) => expect(matches(source, EVENT)).toBe(true))
})

describe('arrays and changes', () => {
  it('looks into the elements of an array', () => {
    expect(matches({ 'lines.price': { $gt: 40 } }, EVENT)).toBe(true)
    expect(matches({ 'lines[0].sku': 'a' }, EVENT)).toBe(true)
    expect(matches({ 'lines.1.sku': 'b' }, EVENT)).toBe(true)
    expect(matches({ 'lines[sku=b].price': 50 }, EVENT)).toBe(true)
    expect(matches({ 'lines[sku=a].price': 50 }, EVENT)).toBe(false)
  })

  it('asks all conditions of $elemMatch of the same element', () => {
    expect(matches({ lines: { $elemMatch: { sku: 'a', price: { $lt: 10 } } } }, EVENT)).toBe(true)
    expect(matches({ lines: { $elemMatch: { sku: 'a', price: { $gt: 10 } } } }, EVENT)).toBe(false)
  })

  it('tells that a field was changed, and to what', () => {
    expect(matches({ 'changes.customfields[id=105]': { $exists: true } }, EVENT)).toBe(true)
    expect(matches({ 'changes.customfields[id=105].new_value': true }, EVENT)).toBe(true)
    expect(matches({ 'changes.customfields[id=106]': { $exists: true } }, EVENT)).toBe(false)
    const range = { $elemMatch: { id: { $gte: 106, $lte: 113 } } }
    expect(matches({ 'changes.customfields': range }, EVENT)).toBe(true)
  })
})

describe('the {field, operator, value} form', () => {
  it.each([
    [{ field: 'data.rating', operator: 'equals', value: 2 }, true],
    [[{ field: 'data.rating', operator: 'in', value: [1, 2] }], true],
    [{ field: 'data.name', operator: 'contains', value: 'Ac' }, true],
    [{ field: 'data.name', operator: 'exists' }, true],
    [{ field: 'data.name', operator: 'exists', value: false }, false],
    [
      [
        { field: 'data.name', operator: 'starts_with', value: 'A' },
        { field: 'data.rating', operator: 'greaterThan', value: 5 },
      ],
      false,
    ],
    [{ $or: [{ field: 'data.rating', operator: 'gt', value: 5 }, { 'data.name': 'Acme' }] }, true],
  ])('%j is %s', (source, expected) => expect(matches(source, EVENT)).toBe(expected))
})

describe('what is refused', () => {
  it.each([
    ['a text', ['filter']],
    [{ $xor: [] }, ['filter.$xor']],
    [{ $and: {} }, ['filter.$and']],
    [{ $or: [] }, ['filter.$or']],
    [{ a: { $foo: 1 } }, ['filter.a.$foo']],
    [{ a: { $eq: 1, b: 2 } }, ['filter.a.b']],
    [{ $and: [{ a: 1 }, { b: { $in: 5 } }] }, ['filter.$and.1.b.$in']],
    [{ a: { $regex: '(' } }, ['filter.a.$regex']],
    [{ a: { $regex: '(a)\\1' } }, ['filter.a.$regex']],
    [{ a: { $exists: 'yes' } }, ['filter.a.$exists']],
    [{ 'a..b': 1 }, ['filter.a..b']],
    [{ 'a[': 1 }, ['filter.a[']],
    [{ field: 'a', operator: 'like', value: 1 }, ['filter.operator']],
    [{ field: 'a', operator: 'equals', value: 1, valeu: 2 }, ['filter.valeu']],
  ])('%j with its place', (source, expected) => expect(faults(source)).toEqual(expected))

  it('is also what is too large or too deep', () => {
    let deep: unknown = { a: 1 }
    for (let i = 0; i < 40; i++) deep = { $not: deep }
    expect(faults(deep)).toHaveLength(1)
    const wide = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`a${i}`, 1]))
    expect(faults(wide)).toEqual(['filter'])
  })
})

it('says which clause decided', () => {
  const filter = filterOf({ type: 'tickets.updated', $or: [{ 'data.rating': { $gt: 3 } }, { 'geo.asn': 1 }] })
  expect(filter.test(EVENT)).toMatchObject({ matches: false })
  const { by } = filterOf({ type: 'tickets.updated', 'data.rating': { $gt: 3 } }).test(EVENT)
  expect(by).toEqual({
    at: 'filter.data.rating.$gt',
    field: 'data.rating',
    operator: '$gt',
    expected: 3,
  })
})

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'length')
const path = fc
  .array(key, { minLength: 1, maxLength: 3 })
  .map((keys) => keys.join('.'))
  .chain((text) => fc.constantFrom(text, `${text}[0]`, `${text}[*]`, `${text}[a=1]`))
const scalar = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('x', 'xy', '', true, false, null))
const condition = fc.oneof(
  scalar,
  scalar.map((value) => ({ $ne: value })),
  fc.array(scalar).map((value) => ({ $in: value })),
  fc.integer({ min: -3, max: 3 }).map((value) => ({ $gte: value })),
  fc.boolean().map((value) => ({ $exists: value })),
  fc.constantFrom('x', '^x?y*$', '(x|xy)+', '[a-z]{2,4}').map((value) => ({ $regex: value })),
  scalar.map((value) => ({ $elemMatch: { a: value } })),
)
const { tree } = fc.letrec<{ tree: object; leaf: object }>((tie) => ({
  leaf: fc.dictionary(path, condition, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
  tree: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((list) => ({ $and: list })),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((list) => ({ $or: list })),
    tie('tree').map((filter) => ({ $not: filter })),
  ),
}))
const payload = fc
  .jsonValue({ maxDepth: 4 })
  .chain((value) => fc.constantFrom({ body: value }, { body: { a: value, b: [value, { a: value }] } }, value))

describe('laws', () => {
  it('not(not f) is f, and not f is its opposite', () => {
    fc.assert(
      fc.property(tree, payload, (f, root) => {
        expect(matches({ $not: { $not: f } }, root)).toBe(matches(f, root))
        expect(matches({ $not: f }, root)).toBe(!matches(f, root))
      }),
    )
  })

  it('$and and $or are commutative, dual, and what their parts say', () => {
    fc.assert(
      fc.property(tree, tree, payload, (f, g, root) => {
        const both = matches({ $and: [f, g] }, root)
        expect(both).toBe(matches(f, root) && matches(g, root))
        expect(both).toBe(matches({ $and: [g, f] }, root))
        expect(matches({ $or: [f, g] }, root)).toBe(matches(f, root) || matches(g, root))
        expect(both).toBe(!matches({ $or: [{ $not: f }, { $not: g }] }, root))
        expect(matches({ $nor: [f, g] }, root)).toBe(!matches({ $or: [f, g] }, root))
      }),
    )
  })

  it('any JSON is a filter or is refused with its place, and no event makes one throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), payload, (source, root) => {
        const compiled = compileFilter(source)
        if (compiled.ok) expect(typeof compiled.value.test(root).matches).toBe('boolean')
        else for (const fault of compiled.error) expect(fault.path).toMatch(/^filter/)
      }),
    )
  })
})

describe('bounded time', () => {
  const within = (ms: number, run: () => void) => {
    const begin = performance.now()
    run()
    expect(performance.now() - begin).toBeLessThan(ms)
  }

  it.each(['(a+)+$', '(a|aa)+b', '(a*)*b', '(.*a){20}', '((a{0,9}){0,9}){0,9}x'])(
    'for the pattern %s',
    (pattern) => {
      const compiled = compileFilter({ text: { $regex: pattern } })
      if (!compiled.ok) return
      within(2_000, () => compiled.value.test({ body: { text: 'a'.repeat(1_000_000) } }))
    },
  )

  it('for arrays in arrays', () => {
    const wide = Array.from({ length: 300 }, () => ({
      a: Array.from({ length: 300 }, () => ({ a: [1, 2] })),
    }))
    within(1_000, () => filterOf({ 'a.a.a.a': 3 }).test({ body: wide }))
    within(1_000, () => filterOf({ 'a[*].a[*].a[*]': { $gt: 3 } }).test({ body: { a: wide } }))
  })
})
