import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { mismatches, schemaFaults } from '../../src/api/schema-check.ts'
import { newestVersion } from '../../src/model/event-type.ts'
import { sampleOf } from '../../src/model/json-sample.ts'
import { STARTER } from '../../src/templates/starter.ts'
import { makeWorld, problem, type World } from './api-world.ts'

let world: World

beforeAll(async () => {
  world = await makeWorld()
})

const rating = (maximum: number) => ({
  type: 'object',
  properties: { rating: { type: 'integer', minimum: 1, maximum } },
  required: ['rating'],
})
const put = (name: string, body: object, headers = {}) =>
  world.call('PUT', `/v1/event-types/${name}`, body, { headers })
const publish = (body: object) => world.call('POST', '/v1/events', body)

describe('the catalogue', () => {
  it('keeps event types with their schemas by version, and makes a sample', async () => {
    const made = await put('review.made', {
      description: 'A review.',
      schemas: { '1.9': rating(5), '1.10': rating(10) },
    })
    expect(made).toMatchObject({
      status: 201,
      body: { name: 'review.made', version: 1, sample: { rating: 1 } },
    })
    expect((await put('review.made', { schemas: { 1: rating(5) } }, { 'if-match': '"7"' })).status).toBe(412)
    expect(await put('review.made', { schemas: { 1: rating(5) } })).toMatchObject({
      status: 200,
      body: { version: 2 },
    })
    expect((await world.call('GET', '/v1/event-types/review.made')).body).toMatchObject({
      schemas: { 1: rating(5) },
    })
    expect((await world.call('DELETE', '/v1/event-types/review.made')).status).toBe(204)
    expect(await world.call('GET', '/v1/event-types/review.made')).toMatchObject(problem(404, 'not_found'))
  })

  it('starts with the events of CRMs, directories and APIs, and leaves what is there', async () => {
    await put('lead.created', { description: 'Ours.' })
    const { body } = await world.call('POST', '/v1/event-types/starter', {})
    expect(body['added']).toBe(STARTER.length - 1)
    expect((await world.call('POST', '/v1/event-types/starter', {})).body['added']).toBe(0)
    expect((await world.call('GET', '/v1/event-types/lead.created')).body['description']).toBe('Ours.')
    const first = await world.call('GET', '/v1/event-types?limit=30')
    const second = await world.call('GET', `/v1/event-types?limit=30&cursor=${first.body.next}`)
    const names = [...first.body.data, ...second.body.data].map(
      (each) => (each as unknown as { name: string }).name,
    )
    expect(names).toEqual(STARTER.map(({ name }) => name).sort())
  })

  it.each([
    [{ schemas: { 1: { type: 'nonsense', $ref: '#/nowhere' } } }, 'schemas.1'],
    [{ schemas: { 1: { properties: { a: { pattern: '(a+)+$' } } } } }, 'schemas.1.properties.a.pattern'],
    [{ schemas: { 1: { properties: { a: { pattern: 'a+b' } } } } }, 'schemas.1.properties.a.pattern'],
    [{ schemas: { 1: rating(5) }, sample: { rating: 9 } }, 'sample.rating'],
    [{ schemas: { 'a b': {} } }, 'schemas.a b'],
  ])('refuses %j', async (body, path) => {
    const refused = await put('x.y', body)
    expect(refused.status).toBe(400)
    expect(refused.body['errors']).toContainEqual({ path, message: expect.any(String) })
  })
})

describe('what is published', () => {
  it('must fit the newest schema of its type, or the version that it names', async () => {
    await put('stars.given', { schemas: { 1: rating(10), 2: rating(5) } })
    expect(await publish({ type: 'stars.given', data: { rating: 7 } })).toMatchObject({
      status: 422,
      body: { code: 'schema_mismatch', errors: [{ path: 'data.rating', message: expect.any(String) }] },
    })
    expect((await publish({ type: 'stars.given', version: '1', data: { rating: 7 } })).status).toBe(202)
    expect(world.published.at(-1)?.metadata).toEqual({ version: '1' })
    expect((await publish({ type: 'stars.given', data: { rating: 5 } })).status).toBe(202)
    expect(world.published.at(-1)?.metadata).toEqual({ version: '2' })
    expect((await publish({ type: 'stars.given', version: '3', data: {} })).status).toBe(422)
    expect((await publish({ type: 'stars.unknown', data: { anything: true } })).status).toBe(202)
  })

  it('is refused as a whole batch when one of it does not fit', async () => {
    const before = world.published.length
    const events = [
      { type: 'stars.given', data: { rating: 5 } },
      { type: 'stars.given', data: { rating: 'five' } },
    ]
    const refused = await world.call('POST', '/v1/events/batch', { events })
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ path: 'events.1.data.rating' }] } })
    expect(world.published.length).toBe(before)
  })
})

describe('samples', () => {
  it.each(STARTER.map(({ name, schemas }) => [name, schemas] as const))(
    'of %s fit their schema',
    (_, schemas) => {
      const schema = schemas[newestVersion(schemas) ?? ''] ?? true
      expect(schemaFaults(schema, 'schema')).toEqual([])
      expect(mismatches(schema, sampleOf(schema), 'sample')).toEqual([])
    },
  )

  it('are made of any schema, however odd', () => {
    fc.assert(
      fc.property(fc.oneof(fc.boolean(), fc.dictionary(fc.string(), fc.jsonValue())), (schema) => {
        JSON.stringify(sampleOf(schema))
      }),
    )
  })

  it('follow references, choices and bounds', () => {
    const schema = {
      $defs: {
        id: { type: 'string', minLength: 6 },
        tree: { properties: { next: { $ref: '#/$defs/tree' } } },
      },
      type: 'object',
      allOf: [{ properties: { id: { $ref: '#/$defs/id' } }, required: ['id'] }],
      properties: {
        n: { type: 'number', exclusiveMinimum: 3 },
        when: { type: 'string', format: 'date-time' },
        one: { oneOf: [{ type: 'integer', multipleOf: 5 }, { type: 'string' }] },
        tree: { $ref: '#/$defs/tree' },
      },
    }
    const sample = sampleOf(schema)
    expect(sample).toMatchObject({ id: 'textxx', when: '2026-01-17T10:30:00Z' })
    expect(mismatches(schema, sample, 'sample')).toEqual([])
  })
})

it('lookup tables are kept by name', async () => {
  const entries = { DE: { team: 'dach' } }
  expect((await world.call('PUT', '/v1/lookup-tables/owners', { entries })).body).toMatchObject({
    name: 'owners',
    entries,
  })
  expect((await world.call('GET', '/v1/lookup-tables/owners')).body).toMatchObject({ entries })
  expect((await world.call('GET', '/v1/lookup-tables')).body.data).toHaveLength(1)
  expect((await world.call('DELETE', '/v1/lookup-tables/owners')).status).toBe(204)
  expect(await world.call('GET', '/v1/lookup-tables/owners')).toMatchObject(problem(404, 'not_found'))
})
