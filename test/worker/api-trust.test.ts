import { beforeAll, describe, expect, it } from 'vitest'
import { makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const entries = async (query = '') => (await world.call('GET', `/v1/audit${query}`)).body.data

describe('the audit log', () => {
  it('says who changed what, before and after, without a secret', async () => {
    const made = await world.call('POST', '/v1/endpoints', { url: 'https://r.example/', name: 'one' })
    const { id, secret } = made.body
    world.time.now++
    await world.call('PATCH', `/v1/endpoints/${id}`, {
      name: 'two',
      headers: { authorization: 'Bearer s3cr3t' },
    })
    world.time.now++
    await world.call('POST', `/v1/endpoints/${id}/secrets`, {})
    world.time.now++
    await world.call('DELETE', `/v1/endpoints/${id}`)
    const kept = await entries(`?resourceId=${id}`)
    expect(kept).toMatchObject([
      { action: 'delete-endpoints-id', before: { name: 'two' }, after: null },
      { action: 'post-endpoints-id-secrets', after: { secret: '***' } },
      { action: 'patch-endpoints-id', actor: 'root', before: { name: 'one' }, after: { name: 'two' } },
      { action: 'post-endpoints', status: 201, before: null, after: { name: 'one', secret: '***' } },
    ])
    expect(JSON.stringify(kept)).not.toContain(secret)
    expect(JSON.stringify(kept)).not.toContain('s3cr3t')
  })

  it('keeps what was refused, and to whom', async () => {
    const { id, token } = (
      await world.call('POST', '/v1/tokens', { name: 'reader', scopes: ['sources:read', 'audit:read'] })
    ).body
    await world.call('POST', '/v1/sources', { provider: 'generic' }, { token })
    expect(await entries(`?actor=${id}`)).toMatchObject([
      { action: 'post-sources', status: 403, code: 'forbidden', after: null },
    ])
    expect(JSON.stringify(await entries('?resource=tokens'))).not.toContain(token)
  })

  it('leaves out events, tests and repeats of an idempotency key', async () => {
    const count = (await entries('?limit=250')).length
    await world.call('POST', '/v1/events', { type: 'a.b', data: 1 })
    const headers = { 'idempotency-key': 'once' }
    await world.call('POST', '/v1/sources', { provider: 'generic' }, { headers })
    await world.call('POST', '/v1/sources', { provider: 'generic' }, { headers })
    expect((await entries('?limit=250')).length).toBe(count + 1)
  })
})

describe('a token', () => {
  it('may make so many requests a minute as its tenant has, and is told what is left', async () => {
    const tenant = (await world.call('POST', '/v1/tenants', { name: 't', quotas: { requestsPerMinute: 3 } }))
      .body.id
    const { token } = (await world.call('POST', '/v1/tokens', { name: 't', scopes: ['*'] }, { tenant })).body
    const ask = () => world.call('GET', '/v1/sources', undefined, { token })
    const first = await ask()
    expect(first.headers.get('ratelimit-policy')).toBe('"token";q=3;w=60')
    expect(first.headers.get('ratelimit')).toBe('"token";r=2;t=20')
    await ask()
    await ask()
    const refused = await ask()
    expect(refused).toMatchObject(problem(429, 'rate_limited'))
    expect(refused.headers.get('retry-after')).toBe('20')
    expect(refused.headers.get('ratelimit')).toBe('"token";r=0;t=60')
    world.time.now += 21_000
    expect((await ask()).status).toBe(200)
  })

  it('that asks for more is told of to its owner once an hour, not at each refusal', async () => {
    const quotas = { requestsPerMinute: 1 }
    const tenant = (await world.call('POST', '/v1/tenants', { name: 'loop', quotas })).body.id
    const { id, token } = (await world.call('POST', '/v1/tokens', { name: 't', scopes: ['*'] }, { tenant }))
      .body
    world.did.length = 0
    const ask = () => world.call('GET', '/v1/sources', undefined, { token })
    for (let i = 0; i < 5; i++) await ask()
    expect(world.did).toEqual([`tell ${tenant} api.rate_limit_exceeded ${id}`])
    world.time.now += 3_600_000
    for (let i = 0; i < 5; i++) await ask()
    expect(world.did).toHaveLength(2)
  })
})

describe('a quota', () => {
  it('is warned of at 80 % and refused at 100 %', async () => {
    const tenant = (await world.call('POST', '/v1/tenants', { name: 'q', quotas: { sources: 5 } })).body.id
    const make = () => world.call('POST', '/v1/sources', { provider: 'generic' }, { tenant })
    world.did.length = 0
    for (let i = 0; i < 3; i++) await make()
    expect(world.did).toEqual([])
    await make()
    expect(world.did).toEqual([`tell ${tenant} api.quota_warning sources`])
    await make()
    expect(await make()).toMatchObject(problem(429, 'quota_exceeded'))
  })
})
