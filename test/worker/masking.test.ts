import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { dumpEverything } from './dump.ts'
import { RelayWorld } from './relay-world.ts'
import { DELIVERIES } from '../../src/db/log-rows.ts'

const CARD = '4111-2222-3333-4444'
const MAIL = 'anna@personal.example'
const HEADER = 'header-value-88213'
const BODY = { id: 7, card: { number: CARD }, user: { email: MAIL, name: 'Anna' } }

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

interface Shown {
  data?: unknown
  body?: string
  headers: [string, string][]
  path: string
}

async function tokenWith(...scopes: string[]): Promise<string> {
  return (await world.call<{ token: string }>('POST', '/tokens', { name: scopes.join(), scopes })).token
}

async function get(path: string, token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` }
  return await exports.default.fetch(new Request(`https://hooks.example/v1${path}`, { headers }))
}

/** A source whose rules hide a header and a part of the body, and an endpoint that gets it all. */
async function relayed(masking: object, settings: object = {}) {
  const source = await world.call<{ id: string }>('POST', '/sources', {
    provider: 'generic',
    verification: 'off',
    masking,
  })
  const url = `http://127.0.0.1/${crypto.randomUUID()}`
  const endpoint = await world.call<{ id: string }>('POST', '/endpoints', {
    url,
    sourceIds: [source.id],
    forwardPath: true,
    ...settings,
  })
  return { source, endpoint: { ...endpoint, url } }
}

async function send(source: { id: string }, body: string, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }
  const url = `https://hooks.example/in/${source.id}/orders/${CARD}`
  return await exports.default.fetch(new Request(url, init))
}

const untilThere = (id: string) =>
  vi.waitFor(async () => {
    expect((await get(`/events/${id}`, env.HOOKWAY_ROOT_TOKEN)).status).toBe(200)
  }, 10_000)

const arrivedAt = ({ url }: { url: string }) =>
  vi.waitFor(() => {
    const found = world.arrived.find((each) => each.url.startsWith(url))
    expect(found).toBeDefined()
    return found
  }, 5_000)

describe('masking rules of a source', () => {
  const masking = { headers: ['X-Customer'], paths: ['/card/number', 'user.email'] }

  it('hide from the log what a receiver gets whole, wherever its answer repeats it', async () => {
    world.answer = ({ url, body }) =>
      new Response(`{"error":"no card ${CARD}","echo":${body}}`, {
        status: 400,
        headers: { 'x-echo': `${url} ${HEADER}` },
      })
    const { source, endpoint } = await relayed(masking)
    expect((await send(source, JSON.stringify(BODY), { 'x-customer': HEADER })).status).toBe(200)
    const arrived = await arrivedAt(endpoint)
    expect(JSON.parse(arrived?.body ?? '')).toEqual(BODY)
    expect(arrived?.url).toContain(CARD)
    const [delivery] = await world.untilLogged(endpoint, 'dead', 1)
    const shown = JSON.stringify(delivery)
    expect(shown).toContain('Anna')
    expect(shown).toContain(`no card ***`)
    const logged = JSON.stringify((await env.LOG_DB.prepare(`SELECT * FROM ${DELIVERIES}`).all()).results)
    for (const secret of [CARD, MAIL, HEADER]) {
      expect([shown.includes(secret), logged.includes(secret)]).toEqual([false, false])
    }
  })

  it('hide it from whoever reads events without the scope payloads:read, and from their search', async () => {
    const { source, endpoint } = await relayed(masking)
    const { id } = await (
      await send(source, JSON.stringify(BODY), { 'x-customer': HEADER })
    ).json<{
      id: string
    }>()
    await arrivedAt(endpoint)
    await untilThere(id)
    const [some, all] = [await tokenWith('events:read'), await tokenWith('events:read', 'payloads:read')]
    const masked = await (await get(`/events/${id}`, some)).json<Shown>()
    expect(masked).toMatchObject({
      data: { id: 7, card: { number: '***' }, user: { email: '***', name: 'Anna' } },
      path: '/orders/***',
    })
    expect(masked.headers).toContainEqual(['x-customer', '***'])
    expect(await (await get(`/events/${id}/body`, some)).text()).not.toContain(CARD)
    expect(await (await get(`/events/${id}`, all)).json<Shown>()).toMatchObject({ data: BODY })
    expect(await (await get(`/events/${id}/body`, all)).text()).toBe(JSON.stringify(BODY))
    const found = async (token: string, text: string) =>
      (await (await get(`/events?text=${text}`, token)).json<{ data: { id: string }[] }>()).data.map(
        (each) => each.id,
      )
    expect(await found(some, CARD)).toEqual([])
    expect(await found(some, 'Anna')).toContain(id)
    expect(await found(all, CARD)).toContain(id)
  })

  it('hide a body whole that cannot be read, and what was refused', async () => {
    const { source, endpoint } = await relayed(masking)
    const { id } = await (await send(source, `not JSON: ${CARD}`)).json<{ id: string }>()
    await arrivedAt(endpoint)
    const token = await tokenWith('events:read')
    await untilThere(id)
    expect(await (await get(`/events/${id}/body`, token)).text()).toBe('***')
    const [delivery] = await world.untilLogged(endpoint, 'dead', 1)
    expect(delivery?.attemptLog[0]).toMatchObject({ response: { body: '***' } })

    const signed = await world.call<{ id: string }>('POST', '/sources', {
      provider: 'github',
      secrets: ['a secret of ours'],
      masking,
    })
    expect((await send(signed, JSON.stringify(BODY), { 'x-customer': HEADER })).status).toBe(401)
    const { data } = await vi.waitFor(async () => {
      const list = await world.call<{ data: { bodySample: string; headers: [string, string][] }[] }>(
        'GET',
        `/rejections?sourceId=${signed.id}`,
      )
      expect(list.data).toHaveLength(1)
      return list
    }, 10_000)
    expect(JSON.parse(data[0]?.bodySample ?? '')).toEqual({
      id: 7,
      card: { number: '***' },
      user: { email: '***', name: 'Anna' },
    })
    expect(data[0]?.headers).toContainEqual(['x-customer', '***'])
  })
})

describe('masking rules of an endpoint and of a tenant', () => {
  it('hold for what is published, and an answer that cannot be read is hidden whole', async () => {
    const call = async (method: string, path: string, body: object) => {
      const response = await exports.default.fetch(
        new Request(`https://hooks.example/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${env.HOOKWAY_ROOT_TOKEN}`, 'hookway-tenant': tenant },
          body: JSON.stringify(body),
        }),
      )
      return await response.json<{ id: string }>()
    }
    let tenant = 'default'
    const made = await call('POST', '/tenants', { name: 'm', masking: { paths: ['$..email'] } })
    tenant = made.id
    const url = `http://127.0.0.1/${crypto.randomUUID()}`
    const endpoint = await call('POST', '/endpoints', {
      url,
      eventTypes: ['masked'],
      payload: 'raw',
      masking: { headers: ['x-answer'], paths: ['card'] },
    })
    const answers = [`${MAIL} ${CARD}`, JSON.stringify({ user: { email: MAIL }, card: CARD, ok: MAIL })]
    world.answer = () => new Response(answers.shift() ?? 'ok', { headers: { 'x-answer': HEADER } })
    await call('POST', '/events', { type: 'masked', data: BODY })
    await arrivedAt({ url })
    await call('POST', '/events', { type: 'masked', data: BODY })
    const logs = await vi.waitFor(async () => {
      const { results } = await env.LOG_DB.prepare(
        `SELECT attempt_log AS log FROM ${DELIVERIES} WHERE endpoint_id = ?`,
      )
        .bind(endpoint.id)
        .all<{ log: string }>()
      expect(results).toHaveLength(2)
      return results.map(({ log }) => log)
    }, 10_000)
    const bodies = logs.map((log) => (JSON.parse(log) as { 1: { responseBody: string } })[1].responseBody)
    expect(bodies.toSorted()).toEqual(['***', '{"user":{"email":"***"},"card":"***","ok":"***"}'])
    for (const secret of [MAIL, CARD, HEADER]) expect(logs.join()).not.toContain(secret)
  })
})

it('what is masked is in no database', async () => {
  const { d1 } = await dumpEverything()
  expect([CARD, MAIL, HEADER].filter((secret) => d1.includes(secret))).toEqual([])
})
