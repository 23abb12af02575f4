import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { Graph, GRAPH_APP } from '../support/graph.ts'
import { dumpEverything } from './dump.ts'
import { RelayWorld } from './relay-world.ts'

let world: RelayWorld
let graph: Graph
beforeAll(async () => {
  world = await RelayWorld.open()
  graph = await Graph.open()
})

const source = (config: Record<string, unknown>) =>
  world.call<{ id: string; config: Record<string, unknown> }>('POST', '/sources', {
    provider: 'microsoft-graph',
    secrets: ['s3cret'],
    config,
  })

const own = () => ({
  appId: GRAPH_APP,
  privateKeys: { 'cert-1': graph.privateKey },
  keys: { jwks: graph.jwks },
})

async function notify({ id }: { id: string }, resource: { id: string; subject: string }) {
  const item = {
    id: `n-${resource.id}`,
    clientState: 's3cret',
    changeType: 'created',
    encryptedContent: await graph.encrypted(resource),
  }
  const body = JSON.stringify({ value: [item], validationTokens: [await graph.token(world.now)] })
  const request = new Request(`https://hooks.example/in/${id}`, { method: 'POST', body })
  return { body, status: (await exports.default.fetch(request)).status }
}

describe('a source of rich notifications', () => {
  it('opens them for filters and envelopes, and hands on raw bodies as they came', async () => {
    const { id } = await source(own())
    const raw = `http://127.0.0.1/raw/${id}`
    const opened = `http://127.0.0.1/opened/${id}`
    await world.call('POST', '/endpoints', { url: raw, sourceIds: [id] })
    const made = await world.call<{ subscriptionId: string }>('POST', '/endpoints', {
      url: opened,
      sourceIds: [id],
      payload: 'standard',
    })
    await world.call('PATCH', `/subscriptions/${made.subscriptionId}`, {
      filter: { 'body.value.decryptedContent.subject': 'wanted' },
    })
    const wanted = await notify({ id }, { id: 'm1', subject: 'wanted' })
    const other = await notify({ id }, { id: 'm2', subject: 'other' })
    expect([wanted.status, other.status]).toEqual([202, 202])
    const bodies = (await world.untilArrived({ url: raw }, 2)).map(({ body }) => body)
    expect(bodies.toSorted()).toEqual([wanted.body, other.body].toSorted())
    const [seen] = await world.untilArrived({ url: opened }, 1)
    const { data } = JSON.parse(seen?.body ?? '') as { data: { value: object[] } }
    expect(data.value).toMatchObject([{ decryptedContent: { id: 'm1', subject: 'wanted' } }])
    expect(world.at({ url: opened })).toHaveLength(1)
  })

  it('is masked in clear as well, and erased with what was in clear', { timeout: 30_000 }, async () => {
    const secret = 'salary-of-anna-90311'
    const { id } = await source(own())
    await world.call('PATCH', `/sources/${id}`, { masking: { paths: ['$..subject'] } })
    const url = `http://127.0.0.1/masked/${id}`
    const made = await world.call<{ id: string }>('POST', '/endpoints', {
      url,
      sourceIds: [id],
      payload: 'standard',
    })
    world.answer = ({ body }) => new Response(body)
    expect((await notify({ id }, { id: 'm9', subject: secret })).status).toBe(202)
    const [arrived] = await world.untilArrived({ url }, 1)
    expect(arrived?.body).toContain(secret)
    const [delivery] = await world.untilLogged(made, 'delivered', 1)
    expect(JSON.stringify(delivery)).toContain('m9')
    expect(JSON.stringify(delivery)).not.toContain(secret)
    const read = async (...scopes: string[]) => {
      const { token } = await world.call<{ token: string }>('POST', '/tokens', {
        name: scopes.join(),
        scopes,
      })
      const get = async (path: string) => {
        const headers = { authorization: `Bearer ${token}` }
        return await exports.default.fetch(new Request(`https://hooks.example/v1${path}`, { headers }))
      }
      const { data } = await (await get(`/events?sourceId=${id}`)).json<{ data: { id: string }[] }>()
      const found = await (await get(`/events?sourceId=${id}&text=${secret}`)).json<{ data: object[] }>()
      return { event: await (await get(`/events/${data[0]?.id}`)).text(), found: found.data.length }
    }
    const some = await read('events:read')
    expect(some.event).toContain('"subject":"***"')
    expect([some.event.includes(secret), some.found]).toEqual([false, 0])
    const all = await read('events:read', 'payloads:read')
    expect([all.event.includes(secret), all.found]).toEqual([true, 1])
    const erasure = await world.call('POST', '/erasures', { path: '$..subject', value: secret })
    expect(erasure).toMatchObject({ error: null, counts: { events: 1 } })
    const dump = await dumpEverything()
    expect(Object.values(dump).filter((content) => content.includes(secret))).toEqual([])
  })

  it('shows its private key to nobody, and keeps it where `***` is sent back', async () => {
    const { id, config } = await source(own())
    expect(config).toMatchObject({ appId: GRAPH_APP, privateKeys: { 'cert-1': '***' } })
    const row = await env.DB.prepare('SELECT settings FROM sources WHERE id = ?1')
      .bind(id)
      .first<string>('settings')
    expect(row).not.toContain('PRIVATE KEY')
    await world.call('PATCH', `/sources/${id}`, { name: 'renamed' })
    await world.call('PATCH', `/sources/${id}`, { config: { ...config, keys: { jwks: graph.jwks } } })
    await world.call('PATCH', `/sources/${id}`, { ipDeny: ['192.0.2.1'] })
    const after = await env.DB.prepare('SELECT settings FROM sources WHERE id = ?1')
      .bind(id)
      .first<string>('settings')
    const sealed = (settings: string | null) => /sealed:[^"]+/.exec(settings ?? '')?.[0]
    expect(sealed(after)).toBe(sealed(row))
    expect((await notify({ id }, { id: 'm3', subject: 's' })).status).toBe(202)
    const unknown = { config: { appId: GRAPH_APP, privateKeys: { 'cert-2': '***' } } }
    await expect(world.call('PATCH', `/sources/${id}`, unknown)).rejects.toThrow('config.privateKeys.cert-2')
    const { data } = await world.call<{ data: unknown[] }>('GET', `/audit?resourceId=${id}`)
    expect(JSON.stringify(data)).not.toMatch(/PRIVATE KEY|sealed:/)
  })
})
