import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApiDeps } from '../../src/api/deps.ts'
import { fromBase64, utf8 } from '../../src/model/bytes.ts'
import type { PulledMessage } from '../../src/model/pull.ts'
import { at, makeWorld, problem, type World } from './api-world.ts'

const DELIVERY = `dlv_01M80QNV1KDDNSNS26TJ7V4HD4` as const
const NOW = Date.UTC(2026, 10, 22)

let world: World
let path: string
let asked: Parameters<ApiDeps['pullMessages']>[1][]
let told: Parameters<ApiDeps['acknowledgeMessages']>[1][]
let messages: PulledMessage[] = []

beforeAll(async () => {
  world = await makeWorld({
    pullMessages: async (_, poll) => {
      asked.push(poll)
      return messages.length === 0 ? { messages } : { place: { shard: 0, page: 17 }, messages }
    },
    acknowledgeMessages: async (_, what) => {
      told.push(what)
      return [DELIVERY]
    },
  })
  const { body } = await world.call('POST', '/v1/endpoints', { mode: 'pull', eventTypes: ['a.b'] })
  path = `/v1/endpoints/${body.id}/messages`
})
beforeEach(() => {
  asked = []
  told = []
  messages = []
})

function message(body: Uint8Array<ArrayBuffer>): PulledMessage {
  return {
    id: DELIVERY,
    eventId: 'evt_01M80QNV1KDDNSNS26TJ7V4HD4',
    eventType: 'a.b',
    at: NOW,
    attempt: 2,
    leasedUntil: NOW + 30_000,
    headers: [
      ['webhook-id', DELIVERY],
      ['content-type', 'application/json'],
    ],
    body,
  }
}

async function tokenFor(...scopes: string[]): Promise<string> {
  return (await world.call('POST', '/v1/tokens', { name: 'consumer', scopes })).body.token
}

describe('a poll', () => {
  it('shows text as text and anything else in base64, with what a push would carry', async () => {
    messages = [message(utf8('{"a":"ü"}')), message(new Uint8Array([0xff, 0xfe]))]
    const { body } = await world.call('GET', `${path}?limit=2&waitSeconds=3&visibilitySeconds=60`)
    expect(asked).toEqual([{ limit: 2, waitMs: 3_000, visibilityMs: 60_000, endpointVersion: 1 }])
    expect(body).toEqual({
      data: [
        {
          id: DELIVERY,
          eventId: 'evt_01M80QNV1KDDNSNS26TJ7V4HD4',
          eventType: 'a.b',
          timestamp: '2026-11-22T00:00:00.000Z',
          attempt: 2,
          leasedUntil: '2026-11-22T00:00:30.000Z',
          headers: { 'content-type': 'application/json', 'webhook-id': DELIVERY },
          body: '{"a":"ü"}',
          encoding: 'utf8',
        },
        expect.objectContaining({ body: '//4=', encoding: 'base64' }),
      ],
      next: expect.any(String),
    })
  })

  it('writes a large body in pieces that join', async () => {
    const large = new Uint8Array(5 * 1024 * 1024 + 1).map((_, index) => index % 251)
    messages = [message(large)]
    const { body } = await world.call('GET', path)
    const [first] = body.data as unknown as { encoding: string; body: string }[]
    expect(first?.encoding).toBe('base64')
    expect(fromBase64(first?.body ?? '')?.every((byte, index) => byte === large[index])).toBe(true)
    expect(fromBase64(first?.body ?? '')?.byteLength).toBe(large.byteLength)
    expect(body.next).toEqual(expect.any(String))
  })

  it('goes on after its cursor, and has none when there is nothing', async () => {
    messages = [message(utf8('1'))]
    const { next } = (await world.call('GET', path)).body
    messages = []
    const { body } = await world.call('GET', `${path}?cursor=${next}`)
    expect(asked.at(-1)).toMatchObject({ limit: 50, waitMs: 0, after: { shard: 0, page: 17 } })
    expect(body).toEqual({ data: [], next: null })
  })

  it('is no list to be read ahead', async () => {
    messages = [message(utf8('1'))]
    const { headers } = await world.call('GET', path, undefined, {
      headers: { accept: 'application/x-ndjson' },
    })
    expect(headers.get('content-type')).toBe('application/json')
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['limit=251', 'query.limit'],
    ['waitSeconds=21', 'query.waitSeconds'],
    ['visibilitySeconds=0', 'query.visibilitySeconds'],
    ['visibilitySeconds=43201', 'query.visibilitySeconds'],
  ])('is bounded: %s', async (query, place) => {
    expect(await world.call('GET', `${path}?${query}`)).toMatchObject(
      problem(400, 'invalid_request', at(place)),
    )
  })

  it('knows only its own cursors', async () => {
    expect(await world.call('GET', `${path}?cursor=bm9uZQ`)).toMatchObject(problem(400, 'invalid_cursor'))
    expect(asked).toEqual([])
  })
})

describe('an acknowledgement', () => {
  it('is of ids or of a page, and says what was not leased', async () => {
    const other = DELIVERY.replace('4', '5')
    const { body } = await world.call('POST', `${path}/acknowledgements`, {
      ids: [DELIVERY, other],
      outcome: 'retry',
      reason: 'busy',
      retryAfterSeconds: 60,
    })
    expect(body).toEqual({ ids: [DELIVERY], notLeased: [other] })
    messages = [message(utf8('1'))]
    const { next } = (await world.call('GET', path)).body
    await world.call('POST', `${path}/acknowledgements`, { cursor: next })
    expect(told).toEqual([
      { of: { ids: [DELIVERY, other] }, outcome: 'retry', reason: 'busy', retryAfterMs: 60_000 },
      { of: { shard: 0, page: 17 }, outcome: 'delivered' },
    ])
  })

  it.each([
    [{}, 'ids'],
    [{ ids: [DELIVERY], cursor: 'x' }, 'ids'],
    [{ ids: [] }, 'ids'],
    [{ ids: ['evt_1'] }, 'ids.0'],
    [{ ids: [DELIVERY], outcome: 'lost' }, 'outcome'],
    [{ ids: [DELIVERY], retryAfterSeconds: 5 }, 'retryAfterSeconds'],
  ])('is refused with where it is wrong: %j', async (body, place) => {
    expect(await world.call('POST', `${path}/acknowledgements`, body)).toMatchObject(
      problem(400, 'invalid_request', at(place)),
    )
    expect(told).toEqual([])
  })

  it('is data, and no change of the configuration: the audit log has none', async () => {
    await world.call('POST', `${path}/acknowledgements`, { ids: [DELIVERY] })
    const { body } = await world.call('GET', '/v1/audit?action=post-endpoints-id-messages-acknowledgements')
    expect(body.data).toEqual([])
  })
})

describe('a consumer’s token', () => {
  it('needs messages:read to poll and messages:write to acknowledge, also by cursor', async () => {
    messages = [message(utf8('1'))]
    const [reader, writer] = [await tokenFor('messages:read'), await tokenFor('messages:write')]
    const { next } = (await world.call('GET', path, undefined, { token: reader })).body
    const refused = problem(403, 'forbidden')
    const acknowledgement = { ids: [DELIVERY] }
    expect(
      await world.call('POST', `${path}/acknowledgements`, acknowledgement, { token: reader }),
    ).toMatchObject(refused)
    expect(await world.call('GET', `${path}?cursor=${next}`, undefined, { token: reader })).toMatchObject(
      refused,
    )
    expect((await world.call('GET', `${path}?cursor=${next}`, undefined, { token: writer })).status).toBe(200)
    const others = await tokenFor('endpoints:write', 'deliveries:write')
    expect(await world.call('GET', path, undefined, { token: others })).toMatchObject(refused)
  })

  it('of another tenant finds nothing', async () => {
    const tenant = (await world.call('POST', '/v1/tenants', { name: 'b' })).body.id
    expect(await world.call('GET', path, undefined, { tenant })).toMatchObject(problem(404, 'not_found'))
    expect(
      await world.call('POST', `${path}/acknowledgements`, { ids: [DELIVERY] }, { tenant }),
    ).toMatchObject(problem(404, 'not_found'))
    expect([asked, told]).toEqual([[], []])
  })
})

describe('an endpoint', () => {
  const url = 'https://receiver.example/'

  it('that is sent to needs a url, one that is polled has none', async () => {
    const [without, withUrl] = [
      await world.call('POST', '/v1/endpoints', { name: 'a' }),
      await world.call('POST', '/v1/endpoints', { mode: 'pull', url }),
    ]
    expect(without).toMatchObject(problem(400, 'invalid_request', at('url')))
    expect(withUrl).toMatchObject(problem(400, 'invalid_request', at('url')))
  })

  it('that was polled meanwhile does not take its secrets to a new target', async () => {
    const auth = { type: 'bearer', token: 'a token of the receiver' }
    const own = `/v1/endpoints/${(await world.call('POST', '/v1/endpoints', { url, auth })).body.id}`
    expect((await world.call('PATCH', own, { mode: 'pull', url: '' })).status).toBe(200)
    const elsewhere = await world.call('PATCH', own, { mode: 'push', url: 'https://elsewhere.example/' })
    expect(elsewhere).toMatchObject(problem(422, 'secret_required'))
  })

  it('changes from one to the other, and is polled only as a pull endpoint', async () => {
    const { body } = await world.call('POST', '/v1/endpoints', { url, concurrency: 12 })
    const own = `/v1/endpoints/${body.id}`
    expect(await world.call('GET', `${own}/messages`)).toMatchObject(problem(409, 'conflict'))
    expect(await world.call('PATCH', own, { mode: 'pull' })).toMatchObject(
      problem(400, 'invalid_request', at('url')),
    )
    const changed = await world.call('PATCH', own, { mode: 'pull', url: '', visibilitySeconds: 90 })
    expect(changed.body).toMatchObject({ mode: 'pull', url: '', visibilitySeconds: 90 })
    expect((await world.call('GET', `${own}/messages`)).status).toBe(200)
    expect(await world.call('POST', `${own}/tests`, {})).toMatchObject(problem(409, 'conflict'))
    expect((await world.call('PATCH', own, { mode: 'push', url })).body).toMatchObject({ mode: 'push', url })
  })
})
