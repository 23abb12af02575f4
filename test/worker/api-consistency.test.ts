import { beforeAll, describe, expect, it } from 'vitest'
import { at, makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const make = async (path: string, body: object) => (await world.call('POST', `/v1/${path}`, body)).body.id
const ids = async (path: string) =>
  (await world.call('GET', `/v1/${path}`)).body.data.map(
    (each) => each.id ?? (each as { name?: string }).name,
  )

describe('a list', () => {
  it('is narrowed by what its items are named and what they name', async () => {
    const source = await make('sources', { provider: 'generic', name: 'Billing', uid: 'erp' })
    const other = await make('sources', { provider: 'generic', name: 'Shop' })
    const endpoint = await make('endpoints', { url: 'https://a.example/', name: 'Ledger of 100 %' })
    await make('endpoints', { url: 'https://b.example/', name: 'Elsewhere' })
    const narrow = await make('subscriptions', { endpointId: endpoint, sourceIds: [source], uid: 'narrow' })
    await make('subscriptions', { endpointId: endpoint, sourceIds: [other] })
    expect(await ids('sources?text=bill')).toEqual([source])
    expect(await ids('sources?text=ERP')).toEqual([source])
    expect(await ids('endpoints?text=100%25')).toEqual([])
    expect(await ids('endpoints?text=100 %25')).toEqual([endpoint])
    expect(await ids(`subscriptions?sourceId=${source}`)).toEqual([narrow])
    expect(await ids('subscriptions?text=narrow')).toEqual([narrow])
  })

  it('of event types is narrowed by a prefix, and of replays by state and endpoint', async () => {
    for (const name of ['lead.created', 'lead.lost', 'leads'])
      await world.call('PUT', `/v1/event-types/${name}`, {})
    expect(await ids('event-types?prefix=lead.')).toEqual(['lead.created', 'lead.lost'])
    const endpointId = await make('endpoints', { url: 'https://r.example/' })
    const query = { from: '2026-01-01T00:00:00Z' }
    const to = await make('replays', { query, endpointId })
    const any = await make('replays', { query })
    await world.call('DELETE', `/v1/replays/${any}`)
    expect(await ids('replays?state=planned')).toEqual([to])
    expect(await ids(`replays?endpointId=${endpointId}`)).toEqual([to])
    expect(await ids('replays?state=aborted')).toEqual([any])
  })
})

describe('a tenant', () => {
  it('is created by its uid, replaced by it, and left alone when nothing differs', async () => {
    const put = (body: object, headers = {}) => world.call('PUT', '/v1/tenants/acme', body, { headers })
    const made = await put({ name: 'Acme', tier: 'business' })
    expect(made).toMatchObject({ status: 201, body: { uid: 'acme', tier: 'business', retentionDays: 30 } })
    const again = await put({ name: 'Acme', tier: 'business' })
    expect(again).toMatchObject({ status: 200, body: made.body })
    expect(again.headers.get('etag')).toBe(made.headers.get('etag'))
    expect(await put({ name: 'Acme' })).toMatchObject({ status: 200, body: { tier: 'standard' } })
    expect(await put({ name: 'Old' }, { 'if-match': '"1"' })).toMatchObject(
      problem(412, 'precondition_failed'),
    )
    const own = await world.call('PUT', '/v1/tenants/default', { name: 'Default', retentionDays: 7 })
    expect(own).toMatchObject({ status: 200, body: { id: 'default', retentionDays: 7 } })
  })
})

describe('a lookup table and a secret', () => {
  it.each([
    ['lookup-tables/teams', { entries: { a: 1 } }, { entries: { a: 2 } }],
    ['secrets/TOKEN', { value: 'one' }, { value: 'two' }],
  ])('%s: is changed only over the version that was read', async (path, first, second) => {
    const etag = (await world.call('PUT', `/v1/${path}`, first)).headers.get('etag') ?? ''
    expect((await world.call('GET', `/v1/${path}`)).headers.get('etag')).toBe(etag)
    world.time.now++
    const headers = { 'if-match': etag }
    expect((await world.call('PUT', `/v1/${path}`, second, { headers })).status).toBe(200)
    expect(await world.call('PUT', `/v1/${path}`, first, { headers })).toMatchObject(
      problem(412, 'precondition_failed'),
    )
  })
})

describe('a token', () => {
  it('is rotated: another takes its place, and it ends with the grace period', async () => {
    const { body: old } = await world.call('POST', '/v1/tokens', { name: 'ci', scopes: ['sources:read'] })
    const rotated = await world.call('POST', `/v1/tokens/${old.id}/rotations`, { gracePeriodSeconds: 60 })
    expect(rotated).toMatchObject({
      status: 201,
      body: { name: 'ci', scopes: ['sources:read'], expiresAt: null },
    })
    const status = async (token: string) =>
      (await world.call('GET', '/v1/sources', undefined, { token })).status
    expect([await status(old.token), await status(rotated.body.token)]).toEqual([200, 200])
    world.time.now += 60_000
    expect([await status(old.token), await status(rotated.body.token)]).toEqual([401, 200])
  })

  it('is not rotated by one that has less', async () => {
    const { body: strong } = await world.call('POST', '/v1/tokens', { name: 'all', scopes: ['*'] })
    const { body: weak } = await world.call('POST', '/v1/tokens', { name: 'w', scopes: ['tokens:write'] })
    const path = `/v1/tokens/${strong.id}/rotations`
    expect(await world.call('POST', path, {}, { token: weak.token })).toMatchObject(problem(403, 'forbidden'))
    const past = { expiresAt: '2020-01-01T00:00:00Z' }
    expect(await world.call('POST', path, past)).toMatchObject(
      problem(400, 'invalid_request', at('expiresAt')),
    )
  })
})
