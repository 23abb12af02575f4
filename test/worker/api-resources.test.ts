import { beforeAll, describe, expect, it } from 'vitest'
import { findEndpoint } from '../../src/db/endpoints.ts'
import { expireKeys } from '../../src/db/idempotency.ts'
import { routedSubscriptions, routingVersion } from '../../src/db/routing.ts'
import { findSource } from '../../src/db/sources.ts'
import type { EndpointId, SourceId } from '../../src/model/id.ts'
import { at, makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const target = 'https://receiver.example/hook'

describe('sources', () => {
  it('are made with defaults, and read by the data path with their secrets opened', async () => {
    const made = await world.call('POST', '/v1/sources', {
      provider: 'github',
      secrets: ['s3cret'],
      uid: 'gh',
    })
    const id = made.body.id as SourceId
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(`/v1/sources/${id}`)
    expect(made.body).toMatchObject({
      url: `https://hooks.example/in/${id}`,
      name: 'github',
      uid: 'gh',
      provider: 'github',
      verification: 'required',
      dedupe: { by: 'auto', windowSeconds: 86_400 },
      secretCount: 1,
      state: 'active',
      createdAt: new Date(world.time.now).toISOString(),
    })
    expect(made.body).not.toHaveProperty('secret')
    const read = await world.call('GET', `/v1/sources/${id}`)
    expect(read.body).toEqual(made.body)
    expect(JSON.stringify(read.body)).not.toContain('s3cret')
    const { db, sealer } = world.deps
    const stored = await db.prepare('SELECT * FROM sources').all()
    expect(JSON.stringify(stored.results)).not.toContain('s3cret')
    expect(await findSource({ db, sealer, now: 0 }, id)).toMatchObject({
      secrets: ['s3cret'],
      provider: 'github',
    })
    const twin = await world.call('POST', '/v1/sources', { provider: 'github', uid: 'gh' })
    expect(twin).toMatchObject(problem(409, 'conflict'))
  })

  it('get a secret that is shown once when their provider needs one', async () => {
    const { body } = await world.call('POST', '/v1/sources', { provider: 'github' })
    const { db, sealer } = world.deps
    expect(body.secret).toMatch(/^whsec_/)
    const found = await findSource({ db, sealer, now: 0 }, body.id as SourceId)
    expect(found?.secrets).toEqual([body.secret])
    expect((await world.call('GET', `/v1/sources/${body.id}`)).body).not.toHaveProperty('secret')
  })

  it('accept the old secret beside the new one until the grace period ends', async () => {
    const { body } = await world.call('POST', '/v1/sources', { provider: 'github', secrets: ['old'] })
    const id = body.id as SourceId
    const rotation = { secret: 'new', gracePeriodSeconds: 60 }
    const rotated = await world.call('POST', `/v1/sources/${id}/secrets`, rotation)
    expect(rotated.body).toMatchObject({ secretCount: 2 })
    expect(rotated.body).not.toHaveProperty('secret')
    const { db, sealer } = world.deps
    const secretsAt = async (now: number) => (await findSource({ db, sealer, now, fresh: true }, id))?.secrets
    expect(await secretsAt(world.time.now + 59_000)).toEqual(['new', 'old'])
    expect(await secretsAt(world.time.now + 60_000)).toEqual(['new'])
    const generated = await world.call('POST', `/v1/sources/${id}/secrets`)
    expect(generated.body.secret).toMatch(/^whsec_/)
  })

  it('change by the settings given, and drop out of the cache when they do', async () => {
    const { body } = await world.call('POST', '/v1/sources', { provider: 'generic', ipAllow: ['10.0.0.0/8'] })
    world.did.length = 0
    const changed = await world.call('PATCH', `/v1/sources/${body.id}`, { name: 'n', state: 'paused' })
    expect(changed.body).toMatchObject({ name: 'n', state: 'paused', ipAllow: ['10.0.0.0/8'] })
    const wrong = await world.call('PATCH', `/v1/sources/${body.id}`, { provider: 'github' })
    expect(wrong).toMatchObject(problem(400, 'invalid_request', at('provider')))
    expect((await world.call('DELETE', `/v1/sources/${body.id}`)).status).toBe(204)
    expect(world.did).toEqual(['source changed', 'source changed'])
  })
})

describe('endpoints', () => {
  it('are made with their subscription and secret in one call', async () => {
    const before = await routingVersion(world.deps.db, 'default')
    const made = await world.call('POST', '/v1/endpoints', { url: target, eventTypes: ['lead.*'] })
    const { id, secret, subscriptionId } = made.body
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: 'receiver.example',
      state: 'active',
      payload: null,
      secretCount: 1,
    })
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(await world.call('GET', `/v1/subscriptions/${subscriptionId}`)).toMatchObject({
      body: { endpointId: id, eventTypes: ['lead.*'], sourceIds: [] },
    })
    const routed = await routedSubscriptions(world.deps.db, 'default', world.deps.sealer)
    expect(routed).toContainEqual({
      endpointVersion: 1,
      endpoint: { mode: 'push', ordering: 'none', orderingKey: null, concurrency: 6 },
      subscription: expect.objectContaining({
        id: subscriptionId,
        endpointId: id,
        createdAt: world.time.now,
      }),
    })
    expect(await routingVersion(world.deps.db, 'default')).toBe(before + 1)
    const endpoint = await findEndpoint(world.deps.db, id as EndpointId)
    expect(await world.deps.sealer.open(endpoint?.secrets[0]?.sealed ?? '', id)).toBe(secret)
  })

  it('refuse a target that is not permitted, also when it is changed to one', async () => {
    const refused = problem(400, 'target_refused', {
      detail: 'The address is private.',
      errors: [{ path: 'url', message: 'private_address' }],
    })
    expect(await world.call('POST', '/v1/endpoints', { url: 'http://10.0.0.1/' })).toMatchObject(refused)
    const { body } = await world.call('POST', '/v1/endpoints', { url: target })
    const path = `/v1/endpoints/${body.id}`
    expect(await world.call('PATCH', path, { url: 'http://10.0.0.1/' })).toMatchObject(refused)
    expect((await world.call('GET', path)).body['url']).toBe(target)
  })

  it('tell their object of each change, and routing too', async () => {
    const { body } = await world.call('POST', '/v1/endpoints', { url: target, eventTypes: [] })
    const path = `/v1/endpoints/${body.id}`
    world.did.length = 0
    const before = await routingVersion(world.deps.db, 'default')
    await world.call('PATCH', path, { state: 'paused' })
    await world.call('PATCH', path, { state: 'active' })
    await world.call('POST', `${path}/secrets`, { gracePeriodSeconds: 0 })
    expect((await world.call('GET', path)).body['secretCount']).toBe(1)
    await world.call('DELETE', path)
    expect(world.did).toEqual(['changed v2 paused', 'changed v3 active', 'changed v4 active', 'removed'])
    expect(await routingVersion(world.deps.db, 'default')).toBe(before + 4)
    expect((await world.call('GET', `/v1/subscriptions/${body.subscriptionId}`)).status).toBe(404)
  })

  it('change only from the version that the caller has seen, when it says which', async () => {
    const made = await world.call('POST', '/v1/endpoints', { url: target })
    const path = `/v1/endpoints/${made.body.id}`
    const etag = made.headers.get('etag') ?? ''
    const first = await world.call('PATCH', path, { name: 'one' }, { headers: { 'if-match': etag } })
    expect(first.status).toBe(200)
    const second = await world.call('PATCH', path, { name: 'two' }, { headers: { 'if-match': etag } })
    expect(second).toMatchObject(problem(412, 'precondition_failed'))
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'))
  })

  it('lose no change when two are made at the same time', async () => {
    const { body } = await world.call('POST', '/v1/endpoints', { url: target })
    const path = `/v1/endpoints/${body.id}`
    const replies = await Promise.all([
      world.call('PATCH', path, { name: 'both' }),
      world.call('PATCH', path, { timeoutMs: 1234 }),
    ])
    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    expect((await world.call('GET', path)).body).toMatchObject({ name: 'both', timeoutMs: 1234 })
  })
})

describe('a uid', () => {
  it('stands for the id in every path, within its tenant', async () => {
    const { body } = await world.call('POST', '/v1/sources', { provider: 'generic', uid: 'shop.orders' })
    expect((await world.call('GET', '/v1/sources/shop.orders')).body).toEqual(body)
    const changed = await world.call('PATCH', '/v1/sources/shop.orders', { name: 'Orders' })
    expect(changed.body).toMatchObject({ id: body.id, name: 'Orders' })
    await world.call('POST', '/v1/tenants', { name: 'Other', uid: 'other' })
    const elsewhere = await world.call('GET', '/v1/sources/shop.orders', undefined, { tenant: 'other' })
    expect(elsewhere).toMatchObject(problem(404, 'not_found'))
    expect((await world.call('GET', '/v1/tenants/other')).body).toMatchObject({ uid: 'other' })
    expect((await world.call('DELETE', '/v1/sources/shop.orders')).status).toBe(204)
    expect(await world.call('GET', '/v1/sources/shop.orders')).toMatchObject(problem(404, 'not_found'))
  })

  it('makes a PUT create once, then replace, and write nothing when nothing differs', async () => {
    const wanted = { provider: 'github', secrets: ['a', 'b'], state: 'paused' }
    const absent = await world.call('PUT', '/v1/sources/gh-put', wanted, { headers: { 'if-match': '*' } })
    expect(absent).toMatchObject(problem(412, 'precondition_failed'))
    const made = await world.call('PUT', '/v1/sources/gh-put', wanted)
    expect(made).toMatchObject({ status: 201, body: { uid: 'gh-put', state: 'paused', secretCount: 2 } })
    const again = await world.call('PUT', '/v1/sources/gh-put', wanted)
    expect(again).toMatchObject({ status: 200, body: made.body })
    expect(again.headers.get('etag')).toBe(made.headers.get('etag'))
    const replaced = await world.call('PUT', '/v1/sources/gh-put', { provider: 'github', secrets: ['c'] })
    expect(replaced).toMatchObject({
      status: 200,
      body: { id: made.body.id, state: 'active', secretCount: 1 },
    })
    expect(await world.call('PUT', '/v1/sources/gh-put', { provider: 'generic' })).toMatchObject(
      problem(409, 'conflict'),
    )
    expect(await world.call('PUT', `/v1/sources/${made.body.id}`, wanted)).toMatchObject(
      problem(400, 'invalid_request', at('path.uid')),
    )
  })

  it('keeps the secret that a rotation has put in place while an endpoint is put again', async () => {
    const made = await world.call('PUT', '/v1/endpoints/crm', { url: target })
    expect(made).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^whsec_/) } })
    const { body } = await world.call('POST', '/v1/endpoints/crm/secrets')
    const put = await world.call('PUT', '/v1/endpoints/crm', { url: target, secret: body.secret })
    expect(put).toMatchObject({ status: 200, body: { secretCount: 2 } })
    const subscription = { endpointId: made.body.id, eventTypes: ['a'] }
    const first = await world.call('PUT', '/v1/subscriptions/crm-all', subscription)
    const second = await world.call('PUT', '/v1/subscriptions/crm-all', { endpointId: made.body.id })
    expect([first.status, second.status]).toEqual([201, 200])
    expect(second.body).toMatchObject({ id: first.body.id, eventTypes: [] })
    const refused = await world.call('PUT', '/v1/endpoints/crm', { url: 'http://10.0.0.1/' })
    expect(refused).toMatchObject(problem(400, 'target_refused'))
  })
})

describe('idempotency keys', () => {
  const keyed = (key: string) => ({ headers: { 'idempotency-key': key } })

  it('replay the first answer with its secret, which is stored sealed', async () => {
    const first = await world.call('POST', '/v1/endpoints', { url: target, name: 'k' }, keyed('k1'))
    const again = await world.call('POST', '/v1/endpoints', { url: target, name: 'k' }, keyed('k1'))
    expect(again).toMatchObject({ status: 201, body: first.body })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    const stored = await world.deps.db.prepare('SELECT * FROM idempotency').all()
    expect(JSON.stringify(stored.results)).not.toContain(first.body.secret)
  })

  it('refuse another body, or another path, under the same key', async () => {
    await world.call('POST', '/v1/events', { type: 'a', data: 1 }, keyed('k2'))
    for (const [path, data] of [
      ['/v1/events', 2],
      ['/v1/events/batch', 1],
    ] as const) {
      const reply = await world.call('POST', path, { type: 'a', data }, keyed('k2'))
      expect(reply).toMatchObject(problem(409, 'idempotency_conflict'))
    }
  })

  it('run a request once when it arrives twice at the same time', async () => {
    const body = { type: 'once', data: 1 }
    const replies = await Promise.all(
      [1, 2, 3].map(() => world.call('POST', '/v1/events', body, keyed('k3'))),
    )
    expect(world.did.filter((each) => each === 'publish default once')).toHaveLength(1)
    expect(replies.map(({ status }) => status).filter((status) => status === 202).length).toBeGreaterThan(0)
  })

  it('are free again after a refusal, after a day, and for other tenants', async () => {
    expect((await world.call('POST', '/v1/events', { type: 'a' }, keyed('k4'))).status).toBe(400)
    const good = { type: 'a', data: 1 }
    expect((await world.call('POST', '/v1/events', good, keyed('k4'))).status).toBe(202)
    expect((await world.call('POST', '/v1/events', good, { ...keyed('k4'), tenant: 'other' })).status).toBe(
      202,
    )
    world.time.now += 86_400_000
    const next = await world.call('POST', '/v1/events', { type: 'b', data: 1 }, keyed('k4'))
    expect(next.headers.get('idempotent-replayed')).toBeNull()
    expect((await world.call('POST', '/v1/events', good, keyed('k 5'))).status).toBe(400)
  })

  it('are removed by the sweep when their day has passed', async () => {
    const { db } = world.deps
    await world.call('POST', '/v1/events', { type: 'a', data: 1 }, keyed('k6'))
    const count = () => db.prepare('SELECT count(*) AS n FROM idempotency').first<number>('n')
    const before = await count()
    expect(await expireKeys(db, { after: undefined, now: world.time.now })).toEqual({ next: undefined })
    expect(await count()).toBeLessThanOrEqual(before ?? 0)
    await expireKeys(db, { after: 'default k6', now: world.time.now + 86_400_000 })
    expect(await count()).toBeGreaterThan(0)
    await expireKeys(db, { after: undefined, now: world.time.now + 86_400_000 })
    expect(await count()).toBe(0)
  })
})
