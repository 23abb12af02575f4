import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeLog } from '../../src/db/log-writer.ts'
import { expireLogs, pageRetentions } from '../../src/db/retention.ts'
import { utf8 } from '../../src/model/bytes.ts'
import type { AttemptRecord, DeliveryRow, EventRow } from '../../src/model/delivery-log.ts'
import { newId } from '../../src/model/id.ts'
import { deliveryRow, ENDPOINT, eventRow, SOURCE, START } from '../support/log-rows.ts'
import { EMPTY_LOG } from './databases.ts'
import { allPages, at, makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})
beforeEach(async () => {
  world.bodies.clear()
  await world.deps.logDb.exec(EMPTY_LOG)
})

const log = (events: EventRow[], rows: DeliveryRow[] = []) =>
  writeLog(world.deps.logDb, [{ kind: 'deliveries', object: 'o', receipt: 1, events, rows }])

describe('published events', () => {
  it('are accepted as they are, each with its own answer', async () => {
    const one = { id: 'mine', type: 'lead.created', data: { a: [1, null] }, metadata: { team: 'x' } }
    const reply = await world.call('POST', '/v1/events', { ...one, orderingKey: 'k' })
    expect(reply).toMatchObject({
      status: 202,
      body: { id: expect.stringMatching(/^evt_/), duplicate: false },
    })
    expect(world.published.at(-1)).toEqual({
      type: 'lead.created',
      body: utf8('{"a":[1,null]}'),
      contentType: 'application/json',
      key: 'mine',
      occurredAt: undefined,
      orderingKey: 'k',
      metadata: { team: 'x' },
    })
    const occurredAt = '2026-01-01T01:00:00+01:00'
    const events = [
      { id: 'seen', type: 'a', data: null },
      { type: 'b', data: 'text', occurredAt },
    ]
    for (const body of [events, { events }]) {
      const batch = await world.call('POST', '/v1/events/batch', body)
      expect(batch).toMatchObject({
        status: 202,
        body: { data: [{ duplicate: true }, { duplicate: false }] },
      })
    }
    expect(world.published.at(-1)).toMatchObject({ type: 'b', occurredAt: Date.UTC(2026, 0, 1) })
  })

  it('can say when they are to be delivered, at most four weeks ahead', async () => {
    const at = (ms: number) => new Date(world.time.now + ms).toISOString()
    await world.call('POST', '/v1/events', { type: 'a', data: 1, deliverAt: at(60_000) })
    expect(world.published.at(-1)).toMatchObject({ deliverAt: world.time.now + 60_000 })
    const reply = await world.call('POST', '/v1/events', {
      type: 'a',
      data: 1,
      deliverAt: at(29 * 86_400_000),
    })
    expect(reply).toMatchObject(problem(400, 'invalid_request'))
  })

  it('come at most a hundred at once', async () => {
    const events = Array.from({ length: 101 }, () => ({ type: 'a', data: 1 }))
    const reply = await world.call('POST', '/v1/events/batch', events)
    expect(reply).toMatchObject(problem(400, 'invalid_request', at('')))
  })
})

describe('events', () => {
  it('are listed newest first, by source, type and time', async () => {
    const rows = [
      eventRow(0),
      eventRow(1000, { type: 'pull' }),
      eventRow(2000, { sourceId: null, type: 'pull' }),
      eventRow(3000, { tenantId: 'ten_01K00000000000000000000000' }),
    ]
    await log(rows)
    const ids = rows.map(({ id }) => id)
    const listed = async (query: string) => (await allPages(world, `/v1/events?limit=1${query}`)).ids
    expect(await listed('')).toEqual([ids[2], ids[1], ids[0]])
    expect(await listed('&type=pull')).toEqual([ids[2], ids[1]])
    expect(await listed(`&type=pull&sourceId=${SOURCE}`)).toEqual([ids[1]])
    expect(await listed('&from=2026-01-01T00:00:01Z')).toEqual([ids[2], ids[1]])
    expect(await listed('&to=2026-01-01T00:00:01Z')).toEqual([ids[0]])
    expect(await listed('&from=2026-01-01T00:00:01Z&to=2026-01-01T00:00:02Z')).toEqual([ids[1]])
  })

  it('are read with their payload, their metadata and their deliveries', async () => {
    const row = eventRow(0)
    const deliveries = [deliveryRow(row.id), deliveryRow(row.id)]
    await log([row, eventRow(0)], [...deliveries, deliveryRow(eventRow(0).id)])
    const { pointer, ...head } = { ...row, occurredAt: 5 } as EventRow & { occurredAt: number }
    const full = { ...head, method: 'POST', metadata: { country: 'NL' }, headers: [['a', 'b']] }
    const body = utf8('{"a": [1]}')
    world.bodies.set('1', { head: full as never, body })
    const read = await world.call('GET', `/v1/events/${row.id}`)
    expect(read.body).toMatchObject({
      id: row.id,
      data: { a: [1] },
      bodyState: 'shown',
      method: 'POST',
      metadata: { country: 'NL' },
    })
    const ids = (read.body['deliveries'] as { id: string }[]).map(({ id }) => id)
    expect(ids.toSorted()).toEqual(deliveries.map(({ id }) => id).toSorted())
    expect(JSON.stringify(read.body)).not.toContain(pointer.intake + '"')
    const bytes = await world.call('GET', `/v1/events/${row.id}/body`)
    expect(bytes.body['text']).toBe('{"a": [1]}')
    expect(bytes.headers.get('content-type')).toBe('application/octet-stream')
  })

  it('show what is not JSON in base64, and say when a body is large or gone', async () => {
    const [xml, large, gone] = [
      eventRow(0),
      eventRow(1, { bodyBytes: 2_000_000, pointer: { intake: 'i', segment: 2, index: 0 } }),
      eventRow(2, { pointer: { intake: 'i', segment: 3, index: 0 } }),
    ]
    await log([xml, large, gone])
    const head = { metadata: {} } as never
    world.bodies.set('1', { head, body: new Uint8Array([0x3c, 0xff]) })
    world.bodies.set('2', { head, body: utf8('{}') })
    const read = async ({ id }: EventRow) => (await world.call('GET', `/v1/events/${id}`)).body
    expect(await read(xml)).toMatchObject({ body: 'PP8=', bodyState: 'shown' })
    expect(await read(large)).toMatchObject({ bodyState: 'large' })
    expect(await read(large)).not.toHaveProperty('data')
    expect(await read(gone)).toMatchObject({ bodyState: 'gone', deliveries: [] })
    expect(await world.call('GET', `/v1/events/${gone.id}/body`)).toMatchObject(problem(404, 'not_found'))
  })
})

describe('deliveries', () => {
  it('are listed by endpoint, event, type, status and time', async () => {
    const events = [eventRow(0), eventRow(1000), eventRow(2000, { type: 'pull' })] as const
    const other = 'ep_01K00000000000000000000001'
    const rows = [
      deliveryRow(events[0].id),
      deliveryRow(events[1].id, { status: 'dead', error: 'http_500', statusCode: 500, endpointId: other }),
      deliveryRow(events[2].id, { eventType: 'pull' }),
    ]
    await log([...events], rows)
    const ids = rows.map(({ id }) => id)
    const listed = async (query: string) => (await allPages(world, `/v1/deliveries?limit=1${query}`)).ids
    expect(await listed('')).toEqual([ids[2], ids[1], ids[0]])
    expect(await listed(`&endpointId=${other}`)).toEqual([ids[1]])
    expect(await listed(`&endpointId=${ENDPOINT}&eventType=push`)).toEqual([ids[0]])
    expect(await listed(`&eventId=${events[2].id}`)).toEqual([ids[2]])
    expect(await listed('&status=dead&from=2026-01-01T00:00:01Z')).toEqual([ids[1]])
    expect(await listed(`&eventId=${events[2].id}&to=2026-01-01T00:00:01Z`)).toEqual([])
    const { body } = await world.call('GET', '/v1/deliveries?status=dead')
    expect(body.data).toEqual([
      {
        id: ids[1],
        eventId: events[1].id,
        eventType: 'push',
        sourceId: SOURCE,
        endpointId: other,
        subscriptionId: 'sub_01K00000000000000000000000',
        status: 'dead',
        attempts: 1,
        statusCode: 500,
        lastAttemptAt: '2026-01-01T00:00:00.000Z',
        nextAttemptAt: null,
        error: 'http_500',
        durationMs: 12,
      },
    ])
  })

  it('are read with every attempt in order', async () => {
    const event = eventRow(0)
    const attempt: AttemptRecord = {
      at: START,
      durationMs: 12,
      result: 'timeout',
      url: 'https://receiver.example/',
      method: 'POST',
      requestHeaders: [['webhook-id', 'x']],
    }
    const answered = { ...attempt, result: 'delivered', statusCode: 200, responseBody: 'ok' }
    const row = deliveryRow(event.id, { attempts: 10, attemptLog: { 10: answered, 2: attempt } })
    await log([event], [row])
    const { body } = await world.call('GET', `/v1/deliveries/${row.id}`)
    expect(body).toMatchObject({
      attempts: 10,
      attemptLog: [
        { number: 2, result: 'timeout', statusCode: null, response: null, request: { method: 'POST' } },
        { number: 10, result: 'delivered', response: { headers: [], body: 'ok', truncated: false } },
      ],
    })
    const elsewhere = await world.call('POST', '/v1/tenants', { name: 'other' })
    const reply = await world.call('GET', `/v1/deliveries/${row.id}`, undefined, {
      tenant: elsewhere.body.id,
    })
    expect(reply).toMatchObject(problem(404, 'not_found'))
  })
})

describe('rejections', () => {
  it('are listed for the owner of the source with their reasons', async () => {
    const row = {
      id: newId('rej', START),
      tenantId: 'default' as const,
      sourceId: SOURCE as `src_${string}`,
      at: START,
      reason: 'wrong_secret',
      detail: 'No live secret made this signature.',
      ip: '192.0.2.1',
      country: null,
      method: 'POST',
      headers: [['x-hub-signature-256', 'sha256=00']] as [string, string][],
      bodySample: '{}',
    }
    await writeLog(world.deps.logDb, [
      { kind: 'rejections', rows: [row, { ...row, id: newId('rej', START - 1) }] },
    ])
    const { tenantId: _tenant, ...shown } = row
    const { body } = await world.call('GET', `/v1/rejections?sourceId=${SOURCE}&limit=1`)
    expect(body.data).toEqual([{ ...shown, at: '2026-01-01T00:00:00.000Z' }])
    expect((await allPages(world, '/v1/rejections?limit=1')).ids).toHaveLength(2)
    const none = await world.call('GET', '/v1/rejections?sourceId=src_01K00000000000000000000009')
    expect(none.body).toEqual({ data: [], next: null })
  })
})

describe('retention', () => {
  it('takes the logs of events received before, of one tenant', async () => {
    const other = 'ten_01K00000000000000000000000'
    const events = [eventRow(0), eventRow(1000), eventRow(2000), eventRow(0, { tenantId: other })] as const
    await log([...events], [deliveryRow(events[0].id), deliveryRow(events[1].id)])
    const { db, logDb } = world.deps
    expect(await expireLogs(logDb, 'default', START + 1000)).toBe(1)
    expect(await expireLogs(logDb, 'default', START + 1000)).toBe(0)
    expect((await allPages(world, '/v1/events')).ids).toEqual([events[2].id, events[1].id])
    expect((await allPages(world, '/v1/deliveries')).ids).toHaveLength(1)
    expect(await expireLogs(logDb, other, START + 1000)).toBe(1)
    const [first] = await pageRetentions(db, { limit: 1 })
    expect(first).toEqual({ tenantId: 'default', retentionDays: 30 })
  })
})
