import { beforeAll, describe, expect, it } from 'vitest'
import { at, makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

interface Result {
  status: number
  resource?: Record<string, unknown> & { id: string }
  problem?: Record<string, unknown>
}
const batch = async (kind: string, body: unknown, options = {}) => {
  const reply = await world.call('POST', `/v1/${kind}/batch`, body, options)
  return { ...reply, results: reply.body.data as unknown as Result[] }
}
const audit = async (query: string) => (await world.call('GET', `/v1/audit?${query}`)).body.data

describe('a batch', () => {
  it('makes what it can, and says of each item what became of it, in their order', async () => {
    const { status, body, results } = await batch('sources', [
      { provider: 'generic', uid: 'one' },
      { provider: 'nonesuch' },
      { provider: 'generic', uid: 'one' },
      { provider: 'generic', colour: 'red' },
      { provider: 'github' },
    ])
    expect(status).toBe(200)
    expect(body).toMatchObject({ succeeded: 2, failed: 3 })
    expect(results.map((each) => each.status)).toEqual([201, 400, 409, 400, 201])
    expect(results[0]?.resource).toMatchObject({ uid: 'one', provider: 'generic' })
    expect(results[1]?.problem).toMatchObject({ code: 'invalid_request', ...at('provider') })
    expect(results[2]?.problem).toMatchObject({ code: 'conflict', requestId: expect.any(String) })
    expect(results[4]?.resource?.['secret']).toMatch(/^whsec_/)
    const { body: listed } = await world.call('GET', '/v1/sources')
    const made = [results[4]?.resource?.id, results[0]?.resource?.id]
    expect(new Set(listed.data.map(({ id }) => id))).toEqual(new Set(made))
  })

  it('makes endpoints, subscriptions and event types', async () => {
    const endpoints = await batch('endpoints', {
      items: [{ url: 'https://a.example/' }, { url: 'https://10.0.0.1/' }],
    })
    const [first, second] = endpoints.results
    expect(first).toMatchObject({ status: 201, resource: { secret: expect.any(String) } })
    expect(second).toMatchObject({ status: 400, problem: { code: 'target_refused' } })
    const made = await batch('subscriptions', [
      { endpointId: first?.resource?.id, eventTypes: ['lead.*'] },
      { endpointId: 'ep_01K00000000000000000000000' },
    ])
    expect(made.results.map(({ status }) => status)).toEqual([201, 400])
    const types = [{ name: 'lead.created', schemas: { 1: { type: 'object' } } }, { name: 'a b' }]
    const put = await batch('event-types', types)
    expect(put.results).toMatchObject([
      { status: 201, resource: { name: 'lead.created', version: 1 } },
      { status: 400, problem: at('path.uid') },
    ])
    expect((await batch('event-types', types)).results[0]).toMatchObject({ status: 200 })
  })

  it('is refused as a whole when it is none', async () => {
    for (const body of [[], { items: [] }, { sources: [] }, [1], Array.from({ length: 101 }, () => ({}))]) {
      expect(await batch('sources', body)).toMatchObject(problem(400, 'invalid_request'))
    }
  })

  it('takes as many of its items as the quota has room for', async () => {
    const quotas = { sources: 2 }
    const { body: tenant } = await world.call('POST', '/v1/tenants', { name: 'q', quotas })
    const items = Array.from({ length: 3 }, () => ({ provider: 'generic' }))
    const { results } = await batch('sources', items, { tenant: tenant.id })
    expect(results.map(({ status }) => status)).toEqual([201, 201, 429])
    expect(results[2]?.problem).toMatchObject({ code: 'quota_exceeded' })
  })

  it('is run once for its idempotency key', async () => {
    const headers = { 'idempotency-key': 'batch-1' }
    const first = await batch('sources', [{ provider: 'github' }], { headers })
    const again = await batch('sources', [{ provider: 'github' }], { headers })
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    const other = await batch('sources', [{ provider: 'generic' }], { headers })
    expect(other).toMatchObject(problem(409, 'idempotency_conflict'))
  })

  it('is audited item by item, and as a whole when it is refused', async () => {
    const { results } = await batch('sources', [{ provider: 'github', name: 'kept' }, { provider: 'x' }])
    const id = results[0]?.resource?.id
    expect(await audit(`resourceId=${id}`)).toMatchObject([
      { action: 'post-sources', status: 201, after: { name: 'kept', secret: '***' } },
    ])
    const refused = expect.objectContaining({ status: 400, code: 'invalid_request' })
    expect(await audit('action=post-sources&limit=250')).toContainEqual(refused)
    expect(await audit('action=post-sources-batch&limit=250')).not.toContainEqual(
      expect.objectContaining({ status: 200 }),
    )
    const { token } = (await world.call('POST', '/v1/tokens', { name: 'r', scopes: ['sources:read'] })).body
    await batch('sources', [{ provider: 'generic' }], { token })
    const forbidden = expect.objectContaining({ status: 403, code: 'forbidden' })
    expect(await audit('action=post-sources-batch&limit=250')).toContainEqual(forbidden)
  })
})
