import { runInDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fireUntil, RelayWorld } from './relay-world.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})
afterEach(() => {
  world.answer = () => new Response('ok')
})

/** A source whose sender waits, and an endpoint that gets everything from it. */
async function waiting(response: object = {}, endpointSettings: object = {}) {
  const source = await world.call<{ id: string }>('POST', '/sources', {
    provider: 'generic',
    response: { mode: 'sync', timeoutMs: 5_000, body: '{"own":true}', ...response },
  })
  const url = `http://127.0.0.1/sync/${crypto.randomUUID()}`
  const settings = { url, sourceIds: [source.id], ...endpointSettings }
  const { id } = await world.call<{ id: string }>('POST', '/endpoints', settings)
  return { source, endpoint: { id, url, object: env.ENDPOINT.getByName(id) } }
}

async function post({ id }: { id: string }, body: unknown) {
  const request = new Request(`https://hooks.example/in/${id}`, {
    method: 'POST',
    body: JSON.stringify(body),
  })
  const response = await exports.default.fetch(request)
  const { status, headers } = response
  return { status, sync: headers.get('hookway-sync'), headers, body: await response.text() }
}

describe('a sender that waits', () => {
  it("gets the endpoint's own answer, without what is the connection's or speaks for our origin", async () => {
    const { source, endpoint } = await waiting()
    world.answer = () =>
      new Response('<p>made</p>', {
        status: 201,
        headers: {
          'content-type': 'text/html',
          'x-order': '7',
          'keep-alive': 'timeout=5',
          connection: 'x-hop',
          'x-hop': '1',
          'set-cookie': 'session=1',
        },
      })
    const answer = await post(source, { order: 7 })
    expect([answer.status, answer.sync, answer.body]).toEqual([201, 'answered', '<p>made</p>'])
    const names = ['content-type', 'x-order', 'keep-alive', 'x-hop', 'set-cookie', 'content-security-policy']
    expect(names.map((name) => answer.headers.get(name))).toEqual([
      'text/html',
      '7',
      null,
      null,
      null,
      'sandbox',
    ])
    const [delivery] = await world.untilLogged(endpoint, 'delivered', 1)
    expect(delivery?.attemptLog).toHaveLength(1)
    expect(world.at(endpoint).map(({ id }) => id)).toEqual([delivery?.id])
  })

  it('sends the same request again and gets the same answer, of one delivery', async () => {
    const { source, endpoint } = await waiting()
    let count = 0
    world.answer = () => new Response(`answer ${++count}`)
    const both = await Promise.all([post(source, { n: 1 }), post(source, { n: 1 })])
    const later = await post(source, { n: 1 })
    expect([...both, later].map(({ body, sync }) => [body, sync])).toEqual(
      Array(3).fill(['answer 1', 'answered']),
    )
    expect(world.at(endpoint)).toHaveLength(1)
  })

  it('hears a failure as the endpoint told it, and after the retry its success; later it does not wait', async () => {
    const { source, endpoint } = await waiting()
    world.answer = () => new Response('on fire', { status: 500 })
    expect(await post(source, { n: 2 })).toMatchObject({ status: 500, sync: 'answered', body: 'on fire' })
    world.answer = () => new Response('put out')
    await fireUntil(world, endpoint.object, () => world.at(endpoint).length === 2)
    expect(await post(source, { n: 2 })).toMatchObject({ status: 200, sync: 'answered', body: 'put out' })
    world.now += 61_000
    expect(await post(source, { n: 2 })).toMatchObject({ status: 200, sync: 'repeat', body: '{"own":true}' })
    const [first, second] = world.at(endpoint)
    expect([first?.attempt, second?.attempt, first?.id === second?.id]).toEqual(['1', '2', true])
  })

  it('gets the configured answer at the deadline, and the delivery goes on', async () => {
    const { source, endpoint } = await waiting({ timeoutMs: 100 })
    const hung = Promise.withResolvers<void>()
    world.answer = async () => {
      await hung.promise
      return new Response('late')
    }
    expect(await post(source, { n: 3 })).toMatchObject({ status: 200, sync: 'timeout', body: '{"own":true}' })
    hung.resolve()
    await world.untilLogged(endpoint, 'delivered', 1)
    expect(await post(source, { n: 3 })).toMatchObject({ sync: 'answered', body: 'late' })
    expect(world.at(endpoint)).toHaveLength(1)
  })

  it('does not wait for an endpoint that is paused, and the event is held', async () => {
    const { source, endpoint } = await waiting({}, { state: 'paused' })
    expect(await post(source, {})).toMatchObject({ status: 200, sync: 'held', body: '{"own":true}' })
    await world.call('PATCH', `/endpoints/${endpoint.id}`, { state: 'active' })
    expect(await world.untilArrived(endpoint, 1)).toHaveLength(1)
  })

  it('does not wait for an endpoint whose circuit is open for longer than that', async () => {
    const { source, endpoint } = await waiting({}, { circuit: { failures: 1, failingSeconds: 0 } })
    world.answer = () => new Response('down', { status: 503 })
    expect(await post(source, { n: 1 })).toMatchObject({ status: 503, sync: 'answered' })
    expect(await post(source, { n: 2 })).toMatchObject({ status: 200, sync: 'held', body: '{"own":true}' })
    expect(world.at(endpoint)).toHaveLength(1)
  })

  it('does not wait where nothing is delivered', async () => {
    const { source, endpoint } = await waiting({}, { eventTypes: ['other'] })
    expect(await post(source, {})).toMatchObject({ sync: 'no_match', body: '{"own":true}' })
    const { data } = await world.call<{ data: { id: string }[] }>('GET', '/subscriptions')
    const filtered = await waiting()
    const ours = data.map(({ id }) => id)
    const { data: now } = await world.call<{ data: { id: string }[] }>('GET', '/subscriptions')
    const mine = now.find(({ id }) => !ours.includes(id))
    await world.call('PATCH', `/subscriptions/${mine?.id}`, { filter: { 'body.kind': 'wanted' } })
    expect(await post(filtered.source, { kind: 'other' })).toMatchObject({ sync: 'no_match' })
    expect(await post(filtered.source, { kind: 'wanted' })).toMatchObject({ sync: 'answered' })
    expect(world.at(endpoint)).toEqual([])
  })

  it('gets the answer of the endpoint that the source names', async () => {
    const { source } = await waiting()
    const url = `http://127.0.0.1/sync/${crypto.randomUUID()}`
    const second = await world.call<{ id: string }>('POST', '/endpoints', { url, sourceIds: [source.id] })
    const response = { mode: 'sync', endpointId: second.id }
    await world.call('PATCH', `/sources/${source.id}`, { response })
    world.answer = (arrived) => new Response(arrived.url === url ? 'the second' : 'the first')
    expect((await post(source, {})).body).toBe('the second')
    const unknown = { response: { ...response, endpointId: `ep_${'0'.repeat(26)}` } }
    await expect(world.call('PATCH', `/sources/${source.id}`, unknown)).rejects.toThrow('response.endpointId')
  })

  it('gets no answer that is too long, and none of an endpoint that cannot be reached', async () => {
    const { source } = await waiting()
    const long = 'x'.repeat(200 * 1024)
    world.answer = () => new Response(long)
    expect((await post(source, 1)).body).toBe(long)
    world.answer = () => new Response(long + long)
    expect(await post(source, 2)).toMatchObject({ status: 200, sync: 'too_large', body: '{"own":true}' })
    world.answer = () => {
      throw new Error('Network connection lost.')
    }
    expect(await post(source, 3)).toMatchObject({ status: 200, sync: 'unanswered', body: '{"own":true}' })
  })

  it('is answered although the object of the endpoint was lost meanwhile', async () => {
    const { source, endpoint } = await waiting({ timeoutMs: 1_000 })
    world.answer = () => new Promise(() => {})
    const asked = post(source, { n: 4 })
    await world.untilArrived(endpoint, 1)
    world.answer = () => new Response('ok')
    await runInDurableObject(endpoint.object, (_, state) => state.abort('lost')).catch(() => undefined)
    expect(await asked).toMatchObject({ status: 200, sync: 'unanswered', body: '{"own":true}' })
    const again = env.ENDPOINT.getByName(endpoint.id)
    await fireUntil(world, again, () => world.at(endpoint).length === 2)
    const [first, second] = world.at(endpoint)
    expect(first?.id).toBe(second?.id)
  })
})
