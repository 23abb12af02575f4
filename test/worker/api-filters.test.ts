import { beforeAll, describe, expect, it } from 'vitest'
import { writeLog } from '../../src/db/log-writer.ts'
import { text, utf8 } from '../../src/model/bytes.ts'
import type { DeliveryRow, EventRow } from '../../src/model/delivery-log.ts'
import { deliveryIdOf, newId } from '../../src/model/id.ts'
import { makeWorld, problem, ROOT, type World } from './api-world.ts'

const START = Date.UTC(2026, 0, 1)
const EPS = ['ep_01K00000000000000000000000', 'ep_01K00000000000000000000001'] as const
const SUB = 'sub_01K00000000000000000000000'

let world: World
const events: EventRow[] = []

beforeAll(async () => {
  world = await makeWorld()
  const rows: DeliveryRow[] = []
  for (let i = 0; i < 12; i++) {
    const at = START + i * 3_600_000
    const id = newId('evt', at)
    const pointer = { intake: 'i', segment: i, index: 0 }
    const head = { id, tenantId: 'default' as const, contentType: 'application/json', bodyBytes: 2 }
    world.bodies.set(String(i), {
      head: { ...head, sourceId: null, type: 'a.b', receivedAt: at, metadata: {} },
      body: utf8(JSON.stringify({ name: i === 4 ? 'Grüße an ADA' : `other ${i}` })),
    })
    events.push({
      ...head,
      sourceId: null,
      type: i % 2 === 0 ? 'a.b' : 'a.c',
      receivedAt: at,
      occurredAt: null,
      providerEventId: `p${i}`,
      entityType: 'lead',
      entityId: i === 5 ? 'lead-5' : null,
      bodyKey: null,
      country: i < 3 ? 'DE' : 'FR',
      pointer,
    })
    const isDead = i % 3 === 0
    rows.push({
      id: deliveryIdOf(id, SUB),
      tenantId: 'default',
      eventId: id,
      eventType: i % 2 === 0 ? 'a.b' : 'a.c',
      sourceId: null,
      endpointId: EPS[i % 2] ?? EPS[0],
      subscriptionId: SUB,
      status: isDead ? 'dead' : 'delivered',
      attempts: 1,
      statusCode: isDead ? 400 + i : 200,
      error: null,
      durationMs: 5,
      lastAttemptAt: at,
      nextAttemptAt: null,
      version: 7,
      attemptLog: {
        1: {
          at,
          durationMs: 5,
          result: isDead ? 'client_error' : 'delivered',
          url: 'https://r.example/',
          method: 'POST',
          requestHeaders: [],
          responseBody: `answer number ${i}`,
        },
      },
    })
  }
  await writeLog(world.deps.logDb, [{ kind: 'deliveries', object: 'o', receipt: 1, events, rows }])
})

const found = async (path: string) => (await world.call('GET', path)).body.data

describe('deliveries', () => {
  it.each([
    { query: `endpointId=${EPS[1]}`, count: 6 },
    { query: `endpointId=${EPS[1]}&status=dead`, count: 2 },
    { query: 'eventType=a.c', count: 6 },
    { query: 'status=dead', count: 4 },
    { query: 'status=delivered', count: 8 },
    { query: 'statusCode=4xx', count: 4 },
    { query: 'statusCode=403', count: 1 },
    { query: 'statusCode=200', count: 8 },
    { query: 'statusCode=5xx', count: 0 },
    { query: `subscriptionId=${SUB}&limit=3`, count: 3 },
    { query: 'text=NUMBER+7', count: 1 },
    { query: 'from=2026-01-01T02:00:00Z&to=2026-01-01T05:00:00Z', count: 3 },
    { query: `endpointId=${EPS[0]}&from=2026-01-01T02:00:00Z&to=2026-01-01T05:00:00Z`, count: 2 },
  ])('are found by $query', async ({ query, count }) => {
    expect(await found(`/v1/deliveries?${query}`)).toHaveLength(count)
  })
})

describe('events', () => {
  it.each([
    { query: 'type=a.b', count: 6 },
    { query: 'entityId=lead-5', count: 1 },
    { query: 'providerEventId=p3', count: 1 },
    { query: 'country=DE', count: 3 },
    { query: 'type=a.b&country=DE', count: 2 },
    { query: 'text=gr%C3%BC%C3%9Fe+an+ada', count: 1 },
    { query: 'text=nobody', count: 0 },
  ])('are found by $query', async ({ query, count }) => {
    expect(await found(`/v1/events?${query}`)).toHaveLength(count)
  })

  it('are found by text page after page', async () => {
    const first = await world.call('GET', '/v1/events?text=other&limit=7')
    const rest = await world.call('GET', `/v1/events?text=other&limit=7&cursor=${first.body.next}`)
    expect([first.body.data.length, rest.body.data.length, rest.body.next]).toEqual([7, 4, null])
  })
})

describe('a list as lines', () => {
  const lines = async (path: string) => {
    const response = await world.app.request(`https://hooks.example${path}`, {
      headers: { accept: 'application/x-ndjson', authorization: `Bearer ${ROOT}` },
    })
    const body = text(new Uint8Array(await response.arrayBuffer()))
    return { response, items: body.split('\n').filter((line) => line !== '') }
  }

  it('holds every item on a line of its own', async () => {
    const { response, items } = await lines('/v1/deliveries?status=dead')
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(items.map((line) => (JSON.parse(line) as { status: string }).status)).toEqual(
      Array.from({ length: 4 }, () => 'dead'),
    )
    expect((await lines('/v1/events')).items).toHaveLength(12)
  })

  it('is refused as any list is', async () => {
    const { response } = await lines('/v1/deliveries?stauts=dead')
    expect({ status: response.status, body: await world.call('GET', '/v1/deliveries?statusCode=9') }).toEqual(
      {
        status: 400,
        body: expect.objectContaining(problem(400, 'invalid_request')),
      },
    )
  })
})
