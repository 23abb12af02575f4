import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import type { Script } from '../support/receiver.ts'
import { Relay, type Endpoint } from '../support/relay.ts'
import { expectSigned, signaturesOf } from '../support/signature.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

const ONCE = { retry: { preset: 'none' } }
const KIB = 1024

/** One event to a receiver that answers every request like this; the delivery when it has ended. */
async function outcomeOf(script: Script, settings: Record<string, unknown> = ONCE) {
  const { source, receiver } = await relay.path(settings, script)
  const { id } = await relay.send(source, '{}')
  const delivery = await relay.delivery(id)
  return { ...delivery, last: delivery.attemptLog.at(-1), requests: receiver.received.length }
}

const patch = (endpoint: Endpoint, changes: Record<string, unknown>) =>
  relay.call('PATCH', `/endpoints/${endpoint.id}`, changes)

// Together, since each waits more than it works.
describe.concurrent('on the way out', () => {
  it('a receiver that fails twice gets the same body under the same id three times', async () => {
    const { source, receiver, endpoint } = await relay.path(
      { retry: { scheduleSeconds: [0, 1, 1, 1] } },
      (_, response, count) => response.writeHead(count < 3 ? 500 : 200).end(`answer ${count}`),
    )
    const sent = await relay.send(source, '{"n":1}')
    const got = await relay.arrived(receiver, 3)
    const { id, status, attempts, attemptLog } = await relay.delivery(sent.id)
    expect({ status, attempts }).toEqual({ status: 'delivered', attempts: 3 })
    expect(got.map(({ body }) => body.toString())).toEqual(['{"n":1}', '{"n":1}', '{"n":1}'])
    expect(got.map(({ headers }) => headers['webhook-id'])).toEqual([id, id, id])
    expect(got.map(({ headers }) => headers['hookway-attempt'])).toEqual(['1', '2', '3'])
    for (const each of got) expectSigned(each, endpoint.secret)
    const [first, second, third] = got.map(({ at }) => at)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1_000)
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(1_000)
    expect(
      attemptLog.map(({ number, result, statusCode, response }) => [
        number,
        result,
        statusCode,
        response?.body,
      ]),
    ).toEqual([
      [1, 'server_error', 500, 'answer 1'],
      [2, 'server_error', 500, 'answer 2'],
      [3, 'delivered', 200, 'answer 3'],
    ])
  })

  it('a receiver that does not answer is cut off at the timeout of its endpoint', async () => {
    const { status, error, last } = await outcomeOf(() => undefined, { ...ONCE, timeoutMs: 300 })
    expect(status).toBe('dead')
    expect(error).toBe('exhausted: timeout: No answer within 300 ms.')
    expect(last).toMatchObject({ result: 'timeout', statusCode: null, response: null })
    expect(last?.durationMs).toBeGreaterThanOrEqual(300)
    expect(last?.durationMs).toBeLessThan(5_000)
  })

  // Its status has spoken: to deliver again because the rest of a 200 never came would deliver twice.
  it.each([
    [200, 'delivered', 'delivered'],
    [500, 'dead', 'server_error'],
  ])(
    'a receiver that answers %i and hangs in the body is cut off, and its status counts',
    async (code, status, result) => {
      const delivery = await outcomeOf((_, response) => void response.writeHead(code).write('begun'), {
        ...ONCE,
        timeoutMs: 4_000,
      })
      expect(delivery.status).toBe(status)
      expect(delivery.last).toMatchObject({ result, response: { body: 'begun', truncated: true } })
      expect(delivery.last?.durationMs).toBeGreaterThanOrEqual(4_000)
    },
  )

  it('a receiver that answers without end is read for 16 KiB and no more', async () => {
    let isCut = false
    const { status, last } = await outcomeOf((_, response) => {
      response.on('close', () => (isCut = true))
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(KIB)));
      }
      response.on('drain', more)
      more()
    })
    expect(status).toBe('delivered')
    expect(last?.response?.truncated).toBe(true)
    expect(last?.response?.body).toBe('x'.repeat(16 * KIB))
    await eventually(() => isCut || undefined, { withinMs: 10_000, what: () => 'the connection is open' })
  })

  it('a receiver that answers with 1 MiB is kept with its first 16 KiB', async () => {
    const answer = 'y'.repeat(1024 * KIB)
    const { status, requests, last } = await outcomeOf((_, response) => response.end(answer))
    expect({ status, requests }).toEqual({ status: 'delivered', requests: 1 })
    expect(last?.response).toMatchObject({ body: answer.slice(0, 16 * KIB), truncated: true })
  })

  it('a receiver that takes its time for the first byte is waited for', async () => {
    const slow: Script = (_, response) => void setTimeout(() => response.end('at last'), 1_500)
    const { status, requests, last } = await outcomeOf(slow, { ...ONCE, timeoutMs: 10_000 })
    expect({ status, requests }).toEqual({ status: 'delivered', requests: 1 })
    expect(last).toMatchObject({ response: { body: 'at last', truncated: false } })
    expect(last?.durationMs).toBeGreaterThanOrEqual(1_500)
  })

  // Of the first, eight as text would be more than a message of the log may hold; of the second, two.
  it.each([
    ['bytes that are no text', 0xff],
    ['control characters', 0x00],
  ])('a receiver that answers with %s stands in the log all the same', async (_, byte) => {
    const { source, receiver } = await relay.path(ONCE, (__, response) =>
      response.writeHead(500).end(Buffer.alloc(16 * KIB, byte)),
    )
    const sent = await Promise.all(Array.from({ length: 12 }, (__, n) => relay.send(source, `{"n":${n}}`)))
    await relay.arrived(receiver, 12)
    for (const { id } of sent) expect(await relay.delivery(id)).toMatchObject({ status: 'dead', attempts: 1 })
  })

  it('a receiver that resets the connection is tried again like one that cannot be reached', async () => {
    const reset = await outcomeOf((_, response) => response.socket?.destroy())
    expect(reset).toMatchObject({ status: 'dead', last: { result: 'connection', statusCode: null } })
    const closed = await relay.receiver()
    await closed.close()
    const source = await relay.source()
    await relay.endpoint(source, closed, ONCE)
    const { id } = await relay.send(source, '{}')
    expect(await relay.delivery(id)).toMatchObject({
      status: 'dead',
      attemptLog: [{ result: 'connection', statusCode: null }],
    })
  })

  it('a receiver that redirects is not followed', async () => {
    const trap = await relay.receiver()
    for (const location of [trap.url, 'http://169.254.169.254/latest/meta-data/']) {
      const { status, last } = await outcomeOf((_, response) => response.writeHead(302, { location }).end())
      expect(status).toBe('dead')
      expect(last).toMatchObject({ result: 'redirect', statusCode: 302 })
    }
    expect(trap.received).toEqual([])
  })

  it('a receiver that redirects from one place to the next is asked once an attempt, where the endpoint points', async () => {
    const { source, receiver } = await relay.path(
      { retry: { scheduleSeconds: [0, 0] } },
      ({ path }, response) => response.writeHead(307, { location: `${path}/further` }).end(),
    )
    const { id } = await relay.send(source, '{}')
    expect(await relay.delivery(id)).toMatchObject({ status: 'dead', attempts: 2, statusCode: 307 })
    expect(receiver.received.map(({ path }) => path)).toEqual(['/', '/'])
  })

  it.each([
    [410, 'gone'],
    [404, 'client_error'],
    [401, 'client_error'],
  ])('a receiver that answers %i is not asked again', async (code, result) => {
    const script: Script = (_, response) => response.writeHead(code).end()
    const delivery = await outcomeOf(script, { retry: { scheduleSeconds: [0, 0, 0] } })
    expect(delivery).toMatchObject({ status: 'dead', attempts: 1, requests: 1, last: { result } })
  })

  it('a receiver that names a time with Retry-After is left alone until then', async () => {
    const { source, receiver } = await relay.path(
      { retry: { scheduleSeconds: [0, 0, 0] } },
      (_, response, count) =>
        count === 1 ? response.writeHead(429, { 'retry-after': '2' }).end() : response.end(),
    )
    const first = await relay.send(source, '{"n":1}')
    await relay.delivery(first.id, ({ status }) => status === 'retrying')
    // It speaks for the whole receiver, not for one message.
    await relay.send(source, '{"n":2}')
    const got = await relay.arrived(receiver, 3)
    expect((got[1]?.at ?? 0) - (got[0]?.at ?? 0)).toBeGreaterThanOrEqual(2_000)
    expect(await relay.delivery(first.id)).toMatchObject({ status: 'delivered', attempts: 2 })
  })

  it.each([
    'soon',
    '-5',
    '1.5',
    '1e3',
    '',
    '99999999999',
    'Sun, 31 Feb',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    '60; 60',
  ])(
    'a receiver that names no time to come with Retry-After is tried as the schedule says: %j',
    async (value) => {
      const script: Script = (_, response, count) =>
        response.writeHead(count === 1 ? 503 : 200, { 'retry-after': value }).end()
      const delivery = await outcomeOf(script, { retry: { scheduleSeconds: [0, 0] } })
      expect(delivery).toMatchObject({ status: 'delivered', attempts: 2, requests: 2 })
    },
  )

  it('a receiver never sees a secret of the source, and the log shows none of the endpoint', async () => {
    const receiver = await relay.receiver((_, response) =>
      response.writeHead(200, { 'set-cookie': 'session=abc' }).end(),
    )
    const source = await relay.source({ provider: 'gitlab', secrets: ['a static token'] })
    const endpoint = await relay.endpoint(
      source,
      { url: `${receiver.url}/hook?api_key=abc` },
      { headers: { 'X-Api-Key': 'abc' } },
    )
    const { id } = await relay.send(source, '{}', { headers: { 'x-gitlab-token': 'a static token' } })
    const [got] = await relay.arrived(receiver, 1)
    expect(got).toMatchObject({ path: '/hook?api_key=abc', headers: { 'x-api-key': 'abc' } })
    expect(JSON.stringify(got?.headers)).not.toContain('a static token')
    const shown = JSON.stringify([await relay.delivery(id), await relay.call('GET', `/events/${id}`)])
    for (const secret of ['abc', 'a static token', endpoint.secret, ...signaturesOf(got)]) {
      expect(shown).not.toContain(secret)
    }
  })

  it('an endpoint that is paused holds its deliveries, and delivers them in their order when it goes on', async () => {
    const { source, receiver, endpoint } = await relay.path({ ordering: 'endpoint' })
    await patch(endpoint, { state: 'paused' })
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.push((await relay.send(source, `{"n":${n}}`)).id)
    for (const id of ids) await relay.delivery(id, ({ status }) => status === 'held')
    expect(receiver.received).toEqual([])
    await patch(endpoint, { state: 'active' })
    const got = await relay.arrived(receiver, 5)
    expect(got.map(({ headers }) => headers['hookway-event-id'])).toEqual(ids)
    for (const id of ids) expect(await relay.delivery(id)).toMatchObject({ status: 'delivered' })
  })

  it('an endpoint that moves gets the very next event at its new address', async () => {
    const { source, receiver, endpoint } = await relay.path()
    await relay.send(source, '{"n":1}')
    await relay.arrived(receiver, 1)
    const next = await relay.receiver()
    await patch(endpoint, { url: next.url, headers: { 'x-moved': 'yes' } })
    await relay.send(source, '{"n":2}')
    const [got] = await relay.arrived(next, 1)
    expect(got?.headers['x-moved']).toBe('yes')
    expect(receiver.received).toHaveLength(1)
  })

  it('an endpoint that is deleted takes back what waits, and gets nothing more', async () => {
    const { source, receiver, endpoint } = await relay.path({ state: 'paused' })
    const sent = [await relay.send(source, '{"n":1}'), await relay.send(source, '{"n":2}')]
    for (const { id } of sent) await relay.delivery(id, ({ status }) => status === 'held')
    await relay.call('DELETE', `/endpoints/${endpoint.id}`)
    for (const { id } of sent) await relay.delivery(id, ({ status }) => status === 'cancelled')
    const after = await relay.send(source, '{"n":3}')
    const event = await eventually(() => relay.call('GET', `/events/${after.id}`).catch(() => undefined), {
      withinMs: 10_000,
      what: () => 'the event is not in the log',
    })
    expect(event).toMatchObject({ deliveries: [] })
    expect(receiver.received).toEqual([])
  })

  it('an endpoint signs with every live secret while one is rotated', async () => {
    const { source, receiver, endpoint } = await relay.path()
    const rotate = (gracePeriodSeconds: number) =>
      relay.call<{ secret: string }>('POST', `/endpoints/${endpoint.id}/secrets`, { gracePeriodSeconds })
    const second = await rotate(3600)
    await relay.send(source, '{"n":1}')
    const [both] = await relay.arrived(receiver, 1)
    expect(signaturesOf(both)).toHaveLength(2)
    expectSigned(both, endpoint.secret)
    expectSigned(both, second.secret)
    const third = await rotate(0)
    await relay.send(source, '{"n":2}')
    const [, one] = await relay.arrived(receiver, 2)
    expect(signaturesOf(one)).toHaveLength(1)
    expectSigned(one, third.secret)
  })

  it('an endpoint gets what its subscription names from its creation on, and nothing else', async () => {
    const { source } = await relay.path()
    const before = await relay.send(source, '{"n":1}', { headers: { 'x-github-event': 'issues' } })
    const receiver = await relay.receiver()
    await relay.endpoint(source, receiver, { eventTypes: ['pull_request.*', 'push'] })
    const other = await relay.source()
    for (const [target, type, body] of [
      [source, 'issues', '{"n":2}'],
      [source, 'pull_request', '{"action":"opened"}'],
      [other, 'push', '{"n":3}'],
      [source, 'push', '{"n":4}'],
    ] as const) {
      await relay.send(target, body, { headers: { 'x-github-event': type } })
    }
    const got = await relay.arrived(receiver, 2)
    expect(new Set(got.map(({ headers }) => headers['hookway-event-type']))).toEqual(
      new Set(['pull_request.opened', 'push']),
    )
    expect(got.map(({ headers }) => headers['hookway-event-id'])).not.toContain(before.id)
  })
})
