import { beforeAll, describe, expect, it } from 'vitest'
import { writeLog } from '../../src/db/log-writer.ts'
import type { EndpointId, SourceId, SubscriptionId, TenantId } from '../../src/model/id.ts'
import { deliveryRow, eventRow } from '../support/log-rows.ts'
import { makeWorld, problem, type World } from './api-world.ts'

interface Full {
  tenant: TenantId
  token: string
  /** One of each kind, by the name of the kind in paths. */
  ids: Record<string, string>
}

let world: World
let mine: Full
let theirs: Full

/** A tenant that has something of everything, all of it named after the tenant. */
async function fullTenant(uid: string): Promise<Full> {
  const tenant = (await world.call('POST', '/v1/tenants', { name: uid, uid })).body.id as TenantId
  const made = async (method: string, path: string, body: object) =>
    (await world.call(method, `/v1/${path}`, body, { tenant })).body
  const source = await made('POST', 'sources', {
    provider: 'generic',
    name: `${uid}-only`,
    uid: 'shared-uid',
  })
  const endpoint = await made('POST', 'endpoints', {
    url: `https://${uid}.example/`,
    name: `${uid}-only`,
    uid: `${uid}-endpoint`,
    eventTypes: ['a.b'],
  })
  const token = await made('POST', 'tokens', { name: `${uid}-only`, scopes: ['*'] })
  await made('PUT', `event-types/${uid}.created`, { description: `${uid}-only` })
  await made('PUT', `lookup-tables/${uid}-table`, { entries: { who: `${uid}-only` } })
  await made('PUT', `secrets/${uid}-secret`, { value: `${uid}-value` })
  const event = eventRow(1, { tenantId: tenant, sourceId: source.id as SourceId, type: `${uid}.created` })
  const delivery = deliveryRow(event.id, {
    tenantId: tenant,
    endpointId: endpoint.id as EndpointId,
    subscriptionId: endpoint.subscriptionId as SubscriptionId,
    sourceId: event.sourceId,
    eventType: `${uid}.created`,
    error: `${uid}-only`,
  })
  await writeLog(world.deps.logDb, [
    { kind: 'deliveries', object: endpoint.id, receipt: 1, rows: [delivery], events: [event] },
  ])
  const replay = await made('POST', 'replays', { query: { from: '2026-01-01T00:00:00Z' } })
  const ids = {
    tenants: tenant,
    tokens: token.id,
    sources: source.id,
    endpoints: endpoint.id,
    subscriptions: endpoint.subscriptionId,
    'event-types': `${uid}.created`,
    'lookup-tables': `${uid}-table`,
    secrets: `${uid}-secret`,
    events: event.id,
    deliveries: delivery.id,
    replays: replay.id,
  }
  return { tenant, token: token.token, ids }
}

interface Case {
  method: string
  path: string
  kind: string
  hasBody: boolean
  query: string[]
}

function cases(): Case[] {
  return Object.entries(world.contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { requestBody, parameters }]) => ({
      method: method.toUpperCase(),
      path,
      kind: path.split('/')[2] ?? '',
      hasBody: requestBody !== undefined,
      query: parameters.filter((each) => each.in === 'query').map(({ name }) => name),
    })),
  )
}

const ask = (method: string, path: string, body: object | undefined, { token }: Full) =>
  world.call(method, path, body, { token })

/** What of the other tenant an answer shows, besides what the caller has itself named. */
function leaksIn(shown: unknown, asked: string): string[] {
  const text = JSON.stringify(shown)
  const names = [...Object.values(theirs.ids), 'theirs-only', 'theirs-value', 'theirs.example']
  return names.filter((each) => text.includes(each) && !asked.includes(each))
}

beforeAll(async () => {
  world = await makeWorld()
  mine = await fullTenant('mine')
  theirs = await fullTenant('theirs')
})

describe('two full tenants', { timeout: 30_000 }, () => {
  it('see what is theirs', async () => {
    for (const full of [mine, theirs]) {
      for (const [kind, id] of Object.entries(full.ids)) {
        if (kind === 'tenants') continue
        const reply = await ask('GET', `/v1/${kind}/${id}`, undefined, full)
        expect([kind, reply.status]).toEqual([kind, 200])
      }
    }
  })

  it('never meet: each operation of one on what is the other’s is 404 or 403', async () => {
    const wrong: unknown[] = []
    let asked = 0
    for (const { method, path, kind, hasBody } of cases()) {
      const id = theirs.ids[kind]
      // A PUT makes the caller's own of that name.
      if (!path.includes('{id}') || id === undefined || method === 'PUT') continue
      asked++
      const target = path.replace('{id}', id)
      const { status, body } = await ask(method, target, hasBody ? {} : undefined, mine)
      if (![403, 404].includes(status)) wrong.push({ method, target, status, body })
      if (leaksIn(body, target).length > 0) wrong.push({ method, target, leaks: leaksIn(body, target) })
    }
    expect(wrong).toEqual([])
    expect(asked).toBeGreaterThan(30)
  })

  it('never meet in a list, an export or a sum, whatever they ask for', async () => {
    const filters: Record<string, string | undefined> = {
      endpointId: theirs.ids['endpoints'],
      sourceId: theirs.ids['sources'],
      eventId: theirs.ids['events'],
      subscriptionId: theirs.ids['subscriptions'],
      actor: theirs.ids['tokens'],
      resourceId: theirs.ids['endpoints'],
      eventType: 'theirs.created',
      type: 'theirs.created',
      text: 'theirs-only',
      prefix: 'theirs',
    }
    for (const { method, path, query } of cases().filter((each) => each.method === 'GET')) {
      if (path.includes('{id}')) continue
      const plain = await ask(method, path, undefined, mine)
      expect({ path, leaks: leaksIn(plain.body, path) }).toEqual({ path, leaks: [] })
      for (const name of query.filter((each) => filters[each] !== undefined)) {
        const target = `${path}?${name}=${filters[name]}`
        const { status, body } = await ask(method, target, undefined, mine)
        if (status === 403) continue
        expect({ target, status, leaks: leaksIn(body, target) }).toEqual({ target, status: 200, leaks: [] })
        if (path !== '/v1/metrics') expect({ target, data: body.data }).toEqual({ target, data: [] })
      }
    }
  })

  it('do not serve each other: no body may name what is the other’s', async () => {
    const { endpoints, sources, subscriptions, events } = theirs.ids
    const own = mine.ids['endpoints']
    const url = 'https://mine.example/'
    const from = '2026-01-01T00:00:00Z'
    const bodies: [string, object][] = [
      ['subscriptions', { endpointId: endpoints }],
      ['subscriptions', { endpointId: own, sourceIds: [sources] }],
      ['subscriptions', { endpointId: own, failoverEndpointId: endpoints }],
      ['subscriptions', { endpointId: own, balance: { endpoints: [{ endpointId: endpoints }] } }],
      ['subscriptions/test', { subscriptionId: subscriptions, event: { type: 'a', data: 1 } }],
      ['subscriptions/test', { subscription: {}, eventId: events }],
      ['endpoints', { url, sourceIds: [sources] }],
      ['replays', { endpointId: endpoints, query: { from } }],
    ]
    for (const [path, body] of bodies) {
      const reply = await ask('POST', `/v1/${path}`, body, mine)
      expect({ path, body, status: reply.status }).toEqual({
        path,
        body,
        status: expect.toBeOneOf([400, 404]),
      })
    }
    const plan = { query: { from, eventIds: [events] }, dryRun: true }
    expect(await ask('POST', '/v1/replays', plan, mine)).toMatchObject({ status: 200, body: { matched: 0 } })
    const named = {
      endpoints: [{ uid: 'e', url, auth: { type: 'bearer', token: { $secret: 'theirs-secret' } } }],
    }
    expect(await ask('PUT', '/v1/import', named, mine)).toMatchObject(problem(400, 'invalid_request'))
    const pruned = await ask('PUT', '/v1/import?prune=true&dryRun=true', {}, mine)
    expect(leaksIn(pruned.body, '')).toEqual([])
  })

  it('may use the same uids and names, each for its own', async () => {
    const put = await ask('PUT', '/v1/sources/shared-uid', { provider: 'generic', name: 'changed' }, mine)
    expect(put.body.id).toBe(mine.ids['sources'])
    expect((await ask('GET', '/v1/sources/shared-uid', undefined, theirs)).body).toMatchObject({
      id: theirs.ids['sources'],
      name: 'theirs-only',
    })
    expect((await ask('PUT', '/v1/secrets/theirs-secret', { value: 'mine' }, mine)).status).toBe(201)
    const key = { 'idempotency-key': 'the same' }
    for (const { token } of [mine, theirs]) {
      const reply = await world.call(
        'POST',
        '/v1/tokens',
        { name: 'k', scopes: ['*'] },
        { token, headers: key },
      )
      expect(reply.headers.get('idempotent-replayed')).toBeNull()
    }
  })

  it('are as they were afterwards', async () => {
    for (const [kind, id] of Object.entries(theirs.ids)) {
      if (kind !== 'tenants')
        expect((await ask('GET', `/v1/${kind}/${id}`, undefined, theirs)).status).toBe(200)
    }
    const { body } = await ask('GET', `/v1/endpoints/${theirs.ids['endpoints']}`, undefined, theirs)
    expect(body).toMatchObject({ name: 'theirs-only', state: 'active', secretCount: 1 })
  })
})
