import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

const ONCE = { retry: { preset: 'none' } }

interface Replay {
  id: string
  state: string
  matched: number
  done: number
  failed: number
}

async function replay(body: Record<string, unknown>): Promise<Replay> {
  const { id } = await relay.call<Replay>('POST', '/replays', body)
  let last: Replay | undefined
  return await eventually(
    async () => {
      last = await relay.call<Replay>('GET', `/replays/${id}`)
      return last.state === 'done' ? last : undefined
    },
    { withinMs: 30_000, what: () => `the replay is ${JSON.stringify(last)}` },
  )
}

describe.concurrent('by hand', () => {
  it('a dead letter is delivered under its old id once its receiver is well', async () => {
    let isWell = false
    const { source, receiver } = await relay.path(ONCE, (_, response) =>
      response.writeHead(isWell ? 200 : 500).end(),
    )
    const { id } = await relay.send(source, '{"n":1}')
    const dead = await relay.delivery(id)
    expect(dead).toMatchObject({ status: 'dead', attempts: 1 })
    isWell = true
    const retried = await relay.call('POST', `/deliveries/${dead.id}/retries`)
    expect(retried).toMatchObject({ id: dead.id, status: 'retrying' })
    const again = await relay.delivery(id, ({ status }) => status === 'delivered')
    expect(again).toMatchObject({ id: dead.id, attempts: 2 })
    expect(again.attemptLog.map(({ number, statusCode }) => [number, statusCode])).toEqual([
      [1, 500],
      [2, 200],
    ])
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([dead.id, dead.id])
    expect(receiver.received.map(({ body }) => body.toString())).toEqual(['{"n":1}', '{"n":1}'])
  })

  it('what waits for its next attempt is tried now, and what is held can be cancelled', async () => {
    const { source, receiver, endpoint } = await relay.path(
      { retry: { scheduleSeconds: [0, 3600] } },
      (_, response, count) => response.writeHead(count === 1 ? 500 : 200).end(),
    )
    const first = await relay.send(source, '{"n":1}')
    const waiting = await relay.delivery(first.id, ({ status }) => status === 'retrying')
    await relay.call('POST', `/deliveries/${waiting.id}/retries`)
    await relay.delivery(first.id)
    expect(receiver.received).toHaveLength(2)
    await relay.call('PATCH', `/endpoints/${endpoint.id}`, { state: 'paused' })
    const second = await relay.send(source, '{"n":2}')
    const held = await relay.delivery(second.id, ({ status }) => status === 'held')
    await relay.call('POST', `/deliveries/${held.id}/cancellations`)
    await relay.call('PATCH', `/endpoints/${endpoint.id}`, { state: 'active' })
    await relay.delivery(second.id, ({ status }) => status === 'cancelled')
    const third = await relay.send(source, '{"n":3}')
    await relay.delivery(third.id)
    expect(receiver.received.map(({ body }) => body.toString())).toEqual(['{"n":1}', '{"n":1}', '{"n":3}'])
  })
})

describe.concurrent('a replay', () => {
  it('brings stored events to an endpoint that did not exist when they came', async () => {
    const source = await relay.source()
    const sent = []
    for (let n = 0; n < 5; n++) sent.push(await relay.send(source, `{"n":${n}}`))
    const receiver = await relay.receiver()
    const late = await relay.endpoint({ id: (await relay.source()).id }, receiver)
    const query = { eventIds: sent.map(({ id }) => id), sourceId: source.id }
    await eventually(
      async () => {
        const plan = await relay.call('POST', '/replays', { query, endpointId: late.id, dryRun: true })
        return plan['matched'] === 5 ? plan : undefined
      },
      { withinMs: 30_000, what: () => 'the events are in the log' },
    )
    const done = await replay({ query, endpointId: late.id })
    expect(done).toMatchObject({ matched: 5, done: 5, failed: 0 })
    await relay.arrived(receiver, 5)
    const deliveries = await Promise.all(sent.map(({ id }) => relay.delivery(id)))
    expect(deliveries.map(({ status, endpointId }) => [status, endpointId])).toEqual(
      sent.map(() => ['delivered', late.id]),
    )
    const idsOf = (from: number) =>
      new Set(receiver.received.slice(from).map(({ headers }) => headers['webhook-id']))
    const ids = idsOf(0)
    await replay({ query, endpointId: late.id })
    await relay.arrived(receiver, 10)
    expect(idsOf(5)).toEqual(ids)
  })

  it('brings every dead letter of an endpoint back', async () => {
    let isWell = false
    const { source, receiver, endpoint } = await relay.path(ONCE, (_, response) =>
      response.writeHead(isWell ? 200 : 500).end(),
    )
    const sent = []
    for (let n = 0; n < 5; n++) sent.push(await relay.send(source, `{"n":${n}}`))
    for (const { id } of sent) await relay.delivery(id)
    isWell = true
    const query = { status: 'dead', endpointId: endpoint.id, from: new Date(0).toISOString() }
    expect(await replay({ query })).toMatchObject({ done: 5, failed: 0 })
    for (const { id } of sent) {
      const { attempts } = await relay.delivery(id, ({ status }) => status === 'delivered')
      expect(attempts).toBe(2)
    }
    expect(receiver.received).toHaveLength(10)
  })
})

it.concurrent('a wide endpoint gets more than six at once, and every one of its objects obeys a pause', async () => {
  const open = new Set<() => void>()
  const { source, receiver, endpoint } = await relay.path({ concurrency: 24 }, (_, response) => {
    open.add(() => response.end('ok'))
  })
  const sent = await Promise.all(Array.from({ length: 60 }, (_, n) => relay.send(source, `{"n":${n}}`)))
  await relay.arrived(receiver, 15)
  await relay.call('PATCH', `/endpoints/${endpoint.id}`, { state: 'paused', concurrency: 6 })
  const before = receiver.received.length
  expect(before).toBeLessThanOrEqual(24)
  for (const answer of open) answer()
  const held = await Promise.all(
    sent.map(({ id }) => relay.delivery(id, ({ status }) => status === 'held' || status === 'delivered')),
  )
  expect(held.filter(({ status }) => status === 'delivered')).toHaveLength(before)
  expect(receiver.received).toHaveLength(before)
  await relay.call('PATCH', `/endpoints/${endpoint.id}`, { state: 'active' })
  await eventually(
    () => {
      for (const answer of open) answer()
      return receiver.received.length === 60 ? true : undefined
    },
    { withinMs: 30_000, what: () => `${receiver.received.length} of 60 requests arrived` },
  )
})

it.concurrent('a test of an endpoint shows its receiver’s answers and is no event', async () => {
  const receiver = await relay.receiver((_, response, count) =>
    response.writeHead(count > 3 ? 503 : 200).end('hm'),
  )
  const endpoint = await relay.endpoint(await relay.source(), receiver)
  const test = (body: Record<string, unknown>) => relay.call('POST', `/endpoints/${endpoint.id}/tests`, body)
  expect(await test({ data: { n: 1 } })).toMatchObject({ ok: true, sent: 1, delivered: 1, diagnoses: [] })
  expect(await test({ kind: 'burst', count: 4, ratePerSecond: 20 })).toMatchObject({
    ok: false,
    sent: 4,
    delivered: 2,
    diagnoses: [{ code: 'status_503', count: 2 }],
  })
  await receiver.close()
  expect(await test({ kind: 'reachability' })).toMatchObject({
    ok: false,
    latency: null,
    diagnoses: [{ code: 'connection' }],
  })
})

it.concurrent('a published event waits for its time, and one behind it does not', async () => {
  const receiver = await relay.receiver()
  await relay.call('POST', '/endpoints', { url: receiver.url, eventTypes: ['timed.*'] })
  const at = Date.now() + 4_000
  const deliverAt = new Date(at).toISOString()
  await relay.call('POST', '/events', { type: 'timed.later', data: 1, deliverAt })
  await relay.call('POST', '/events', { type: 'timed.now', data: 2 })
  const got = await relay.arrived(receiver, 2)
  expect(got.map(({ headers }) => headers['hookway-event-type'])).toEqual(['timed.now', 'timed.later'])
  expect(got[1]?.at).toBeGreaterThanOrEqual(at)
})
