import { beforeAll, describe, expect, it } from 'vitest'
import { allPages, at, makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const target = 'https://receiver.example/hook'

describe('every call', () => {
  it.each([null, 'wrong', 'hwk_wrong', `hwk_${'0'.repeat(26)}${'a'.repeat(43)}`])(
    'is refused with the token %s',
    async (token) => {
      const reply = await world.call('GET', '/v1/sources', undefined, { token })
      expect(reply).toMatchObject(problem(401, 'unauthenticated'))
      expect(reply.headers.get('www-authenticate')).toBe('Bearer')
    },
  )

  it('is refused when no root token is configured and none is sent', async () => {
    const closed = await makeWorld({ rootToken: '' })
    for (const token of ['', ' ', null]) {
      expect((await closed.call('GET', '/v1/sources', undefined, { token })).status).toBe(401)
    }
  })

  it('names its request in the body of a problem and in a header', async () => {
    const { headers, body } = await world.call('GET', '/v1/nothing')
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(headers.get('request-id')).toBe(body['requestId'])
    expect((await world.call('GET', '/v1/sources')).headers.get('request-id')).toMatch(/^req_/)
    expect((await world.call('GET', '/healthz', undefined, { token: null })).body).toMatchObject({
      status: 'ok',
    })
  })

  it.each([
    ['{"name": }', 'it has a } where'],
    ['{\n  "a": 1,,', 'position 11 (line 2, column 10)'],
    ['{"a":', 'ends too early'],
    ['\ufeff{', 'position 1'],
    ['{"a":"\\ud8"}', 'position'],
    ['['.repeat(70) + ']'.repeat(70), 'deeper than 64 levels at position 64'],
  ])('says where JSON breaks: %s', async (raw, detail) => {
    const reply = await world.call('POST', '/v1/sources', undefined, { raw })
    expect(reply).toMatchObject(problem(400, 'invalid_json', { detail: expect.stringContaining(detail) }))
  })

  it.each([
    ['/v1/sources', {}, 'provider'],
    ['/v1/sources', { provider: 'nonesuch' }, 'provider'],
    ['/v1/sources', { provider: 'generic', colour: 'red' }, 'colour'],
    ['/v1/sources', { provider: 'generic', dedupe: { by: 'auto', window: 3 } }, 'dedupe.window'],
    ['/v1/sources', { provider: 'generic', uid: 'src_01K00000000000000000000000' }, 'uid'],
    ['/v1/sources', { provider: 'generic', config: { header: 1 } }, 'config.header'],
    ['/v1/sources', { provider: 'generic', ipAllow: ['10.0.0.0/8', '10.0.0.0/33'] }, 'ipAllow.1'],
    ['/v1/endpoints', { url: target, retry: { preset: 'sometimes' } }, 'retry.preset'],
    ['/v1/endpoints', { url: target, retry: { preset: 'crm', attempts: 3 } }, 'retry.attempts'],
    ['/v1/endpoints', { url: target, retry: { strategy: 'linea' } }, 'retry.strategy'],
    ['/v1/endpoints', { url: target, retry: { scheduleSeconds: [0, -1] } }, 'retry.scheduleSeconds.1'],
    ['/v1/events/batch', { events: [{ type: 'a' }] }, 'events.0.data'],
    ['/v1/endpoints', { url: target, headers: { 'bad header': 'x' } }, 'headers.bad header'],
    ['/v1/endpoints', { url: target, secret: 'whsec_dG9vIHNob3J0' }, 'secret'],
    ['/v1/endpoints', { url: target, eventTypes: ['a', 'b*'] }, 'eventTypes.1'],
    ['/v1/endpoints', { url: target, sourceIds: ['src_01K00000000000000000000000'] }, 'sourceIds.0'],
    ['/v1/subscriptions', { endpointId: 'ep_01K00000000000000000000000' }, 'endpointId'],
    ['/v1/events', { type: 'a.*', data: 1 }, 'type'],
    ['/v1/events', { type: 'a' }, 'data'],
    [
      '/v1/events/batch',
      [
        { type: 'a', data: 1 },
        { type: 'a b', data: 1 },
      ],
      '1.type',
    ],
    ['/v1/events/batch', { events: [{ type: 'a b', data: 1 }] }, 'events.0.type'],
    ['/v1/events/batch', [{ type: 'a', data: 1, colour: 'red' }], '0.colour'],
    ['/v1/events', { type: 'a', data: 1, metadata: { note: 'x'.repeat(20_000) } }, 'metadata'],
    ['/v1/tokens', { name: 'a', scopes: ['tenants:write'] }, 'scopes.0'],
    ['/v1/tokens', { name: 'a', scopes: ['*'], expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    ['/v1/sources', [], ''],
  ])('names the field at fault: POST %s %j', async (path, body, field) => {
    const reply = await world.call('POST', path, body)
    expect(reply).toMatchObject(problem(400, 'invalid_request', at(field)))
  })

  it('refuses query parameters that it does not know', async () => {
    const reply = await world.call('GET', '/v1/deliveries?endpoint=ep_1')
    expect(reply).toMatchObject(problem(400, 'invalid_request', at('query.endpoint')))
    expect((await world.call('GET', '/v1/sources?limit=251')).body).toMatchObject(at('query.limit'))
    expect((await world.call('GET', '/v1/deliveries?from=yesterday')).body).toMatchObject(at('query.from'))
  })

  it('answers 404 for ids that are unknown, malformed or of another kind', async () => {
    for (const id of ['src_01K00000000000000000000000', 'src_x', "'", 'ep_01K00000000000000000000000']) {
      expect(await world.call('GET', `/v1/sources/${id}`)).toMatchObject(problem(404, 'not_found'))
      expect(await world.call('DELETE', `/v1/sources/${id}`)).toMatchObject(problem(404, 'not_found'))
    }
  })

  it('answers 405 with the methods there are', async () => {
    const reply = await world.call('PUT', '/v1/sources')
    expect(reply).toMatchObject(problem(405, 'method_not_allowed'))
    expect(reply.headers.get('allow')).toBe('POST, GET, HEAD')
    expect((await world.call('DELETE', '/v1/events/batch')).headers.get('allow')).toBe('POST')
    expect((await world.call('HEAD', '/v1/sources')).status).toBe(200)
  })

  it('refuses a body over 1 MiB, with and without its length', async () => {
    const raw = `"${'x'.repeat(1024 * 1024)}"`
    expect(await world.call('POST', '/v1/events', undefined, { raw })).toMatchObject(
      problem(413, 'body_too_large'),
    )
    const stream = new Blob([raw]).stream()
    const headers = { authorization: 'Bearer hwk_root_of_this_test' }
    const response = await world.app.request('/v1/events', { method: 'POST', body: stream, headers })
    expect(response.status).toBe(413)
  })

  it('takes a batch as an array or as `events`', async () => {
    const events = ['first', 'second'].map((type) => ({ type, data: 1 }))
    for (const batch of [events, { events }]) {
      const { status, body } = await world.call('POST', '/v1/events/batch', batch)
      expect({ status, count: body.data.length }).toEqual({ status: 202, count: 2 })
    }
  })

  it('hides what went wrong on our side, and reports it', async () => {
    const fail = () => Promise.reject(new Error('secret detail'))
    const broken = await makeWorld({ publish: fail, endpointRemoved: fail })
    const { id } = (await broken.call('POST', '/v1/endpoints', { url: target })).body
    const reply = await broken.call('DELETE', `/v1/endpoints/${id}`)
    expect(reply).toMatchObject(problem(500, 'internal'))
    const published = await broken.call('POST', '/v1/events', { type: 'a', data: 1 })
    expect(published).toMatchObject(problem(503, 'unavailable'))
    expect(published.headers.get('retry-after')).toBe('1')
    expect(JSON.stringify([reply.body, published.body])).not.toContain('secret detail')
    expect(broken.did).toEqual(['reported Error: secret detail', 'reported Error: secret detail'])
  })
})

describe('the contract', () => {
  it('documents each operation once, and can be browsed without a script', async () => {
    const { body } = await world.call('GET', '/openapi.json', undefined, { token: null })
    expect(body).toMatchObject({ openapi: '3.1.0', security: [{ token: [] }] })
    const operations = Object.values(body['paths'] as Record<string, Record<string, { operationId: string }>>)
    const ids = operations.flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toContain('post-sources-id-secrets')
    const page = await world.call('GET', '/docs', undefined, { token: null })
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.body['text']).toContain('/v1/sources/:id/secrets')
    expect(page.body['text']).not.toContain('<script')
  })

  it('closes bodies and leaves answers open', () => {
    const { paths } = world.contract as { paths: Record<string, Record<string, object>> }
    expect(paths['/v1/endpoints/{id}']?.['patch']).toMatchObject({
      parameters: [{ name: 'id' }, { name: 'Hookway-Tenant' }, { name: 'If-Match' }],
      requestBody: {
        content: { 'application/json': { schema: { additionalProperties: false, properties: { url: {} } } } },
      },
    })
  })
})

describe('tenants', () => {
  it('never meet', async () => {
    const { body: tenant } = await world.call('POST', '/v1/tenants', { name: 'Acme', uid: 'acme' })
    const { body: ours } = await world.call('POST', '/v1/sources', { provider: 'generic' })
    const { body: theirs } = await world.call(
      'POST',
      '/v1/sources',
      { provider: 'generic' },
      { tenant: 'acme' },
    )
    const seen = await world.call('GET', '/v1/sources', undefined, { tenant: tenant.id })
    expect(seen.body.data).toEqual([theirs])
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const body = method === 'PATCH' ? { name: 'x' } : undefined
      const reply = await world.call(method, `/v1/sources/${ours.id}`, body, { tenant: 'acme' })
      expect(reply).toMatchObject(problem(404, 'not_found'))
    }
    const endpoint = { url: target, sourceIds: [ours.id] }
    const reply = await world.call('POST', '/v1/endpoints', endpoint, { tenant: 'acme' })
    expect(reply).toMatchObject(problem(400, 'invalid_request', at('sourceIds.0')))
  })

  it('are named by id or uid, and must exist', async () => {
    const reply = await world.call('GET', '/v1/sources', undefined, { tenant: 'nobody' })
    expect(reply).toMatchObject(problem(404, 'not_found'))
    expect((await world.call('GET', '/v1/tenants/default')).body).toMatchObject({
      id: 'default',
      retentionDays: 30,
    })
    expect(await world.call('DELETE', '/v1/tenants/default')).toMatchObject(problem(409, 'conflict'))
  })

  it('keep to their quotas, and are deleted only when empty', async () => {
    const quotas = { endpoints: 1 }
    const { body: tenant } = await world.call('POST', '/v1/tenants', { name: 'Small', quotas })
    const options = { tenant: tenant.id }
    const { body: endpoint } = await world.call('POST', '/v1/endpoints', { url: target }, options)
    const second = await world.call('POST', '/v1/endpoints', { url: target }, options)
    expect(second).toMatchObject(problem(429, 'quota_exceeded'))
    expect(await world.call('DELETE', `/v1/tenants/${tenant.id}`)).toMatchObject(problem(409, 'conflict'))
    await world.call('DELETE', `/v1/endpoints/${endpoint.id}`, undefined, options)
    expect((await world.call('DELETE', `/v1/tenants/${tenant.id}`)).status).toBe(204)
  })
})

describe('tokens', () => {
  it('are shown once, stored as a hash, and bound to their tenant and scopes', async () => {
    await world.call('POST', '/v1/tenants', { name: 'Bound', uid: 'bound' })
    const scopes = ['sources:write', 'endpoints:read', 'tokens:write']
    const made = await world.call('POST', '/v1/tokens', { name: 'ci', scopes }, { tenant: 'bound' })
    const token = made.body.token
    expect(made.status).toBe(201)
    const stored = await world.deps.db.prepare('SELECT * FROM tokens').all()
    expect(JSON.stringify(stored.results)).not.toContain(token)
    const shown = await world.call('GET', `/v1/tokens/${made.body.id}`, undefined, { token })
    expect(shown.body).toMatchObject({ name: 'ci', lastUsedAt: '2026-01-02T00:00:00.000Z' })
    expect(JSON.stringify(shown.body)).not.toMatch(/hwk_|hash/)

    expect((await world.call('POST', '/v1/sources', { provider: 'generic' }, { token })).status).toBe(201)
    expect((await world.call('GET', '/v1/sources', undefined, { token })).body.data).toHaveLength(1)
    expect((await world.call('GET', '/v1/endpoints', undefined, { token })).status).toBe(200)
    for (const [method, path, body] of [
      ['POST', '/v1/endpoints', { url: target }],
      ['GET', '/v1/events', undefined],
      ['GET', '/v1/tenants', undefined],
      ['POST', '/v1/tokens', { name: 'more', scopes: ['*'] }],
      ['POST', '/v1/tokens', { name: 'more', scopes: ['endpoints:write'] }],
    ] as const) {
      expect(await world.call(method, path, body, { token })).toMatchObject(problem(403, 'forbidden'))
    }
    const elsewhere = await world.call('GET', '/v1/sources', undefined, { token, tenant: 'default' })
    expect(elsewhere).toMatchObject(problem(403, 'forbidden'))
    expect((await world.call('GET', '/v1/sources', undefined, { token, tenant: 'bound' })).status).toBe(200)
  })

  it('end when revoked, and when they expire', async () => {
    const expiresAt = new Date(world.time.now + 60_000).toISOString()
    const made = await world.call('POST', '/v1/tokens', { name: 'a', scopes: ['*'], expiresAt })
    const token = made.body.token
    expect((await world.call('GET', '/v1/sources', undefined, { token })).status).toBe(200)
    world.time.now += 60_000
    expect((await world.call('GET', '/v1/sources', undefined, { token })).status).toBe(401)
    world.time.now -= 60_000
    expect((await world.call('DELETE', `/v1/tokens/${made.body.id}`)).status).toBe(204)
    expect((await world.call('GET', '/v1/sources', undefined, { token })).status).toBe(401)
  })

  it('cost one written row an hour to use', async () => {
    const made = await world.call('POST', '/v1/tokens', { name: 'busy', scopes: ['*'] })
    const token = made.body.token
    const lastUsed = async () => {
      world.time.now += 20_000
      await world.call('GET', '/v1/sources', undefined, { token })
      return world.deps.db
        .prepare('SELECT last_used_at FROM tokens WHERE id = ?')
        .bind(made.body.id)
        .first<number>('last_used_at')
    }
    const first = await lastUsed()
    expect(first).toBe(world.time.now)
    expect(await lastUsed()).toBe(first)
    world.time.now += 3_600_000
    expect(await lastUsed()).toBe(world.time.now)
  })
})

describe('lists', () => {
  it('page newest first, and concatenate to the whole while new ones are made', async () => {
    const options = { uid: 'paged', name: 'Paged' }
    const { body: tenant } = await world.call('POST', '/v1/tenants', options)
    const made: string[] = []
    const add = async () => {
      world.time.now += 1
      const reply = await world.call('POST', '/v1/sources', { provider: 'generic' }, { tenant: tenant.id })
      made.unshift(reply.body.id)
    }
    for (let i = 0; i < 5; i++) await add()
    const first = await world.call('GET', '/v1/sources?limit=2', undefined, { tenant: 'paged' })
    await add()
    const path = `/v1/sources?limit=250&cursor=${first.body.next}`
    const rest = await world.call('GET', path, undefined, { tenant: 'paged' })
    const ids = [first, rest].flatMap(({ body }) => body.data.map(({ id }) => id))
    expect(ids).toEqual(made.slice(1))
    expect(rest.body.next).toBeNull()
    expect((await allPages(world, '/v1/tenants?limit=1')).ids.at(-1)).toBe('default')
  })

  it('refuse a cursor of another list', async () => {
    for (let i = 0; i < 2; i++) await world.call('POST', '/v1/endpoints', { url: target })
    const { body } = await world.call('GET', '/v1/endpoints?limit=1')
    for (const cursor of [body.next, 'x', '%20', 'AAAA']) {
      const reply = await world.call('GET', `/v1/sources?cursor=${cursor}`)
      expect(reply).toMatchObject(problem(400, 'invalid_cursor'))
    }
  })
})
