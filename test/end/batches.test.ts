import { afterAll, beforeAll, expect, it } from 'vitest'
import { Webhook } from 'standardwebhooks'
import type { Received } from '../support/receiver.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()

beforeAll(() => relay.start())
afterAll(() => relay.stop())

interface Item {
  id: string
  type: string
  data: { n: number; shop?: string }
}

const numbersOf = ({ body }: Received) => (JSON.parse(String(body)) as Item[]).map(({ data }) => data.n)

async function sendAll(source: { id: string }, ...numbers: number[]) {
  const events = []
  for (const n of numbers) events.push(await relay.send(source, JSON.stringify({ n })))
  return events
}

it.concurrent('carries as many events as it may, and what has come when its time is over', async () => {
  const { source, receiver, endpoint } = await relay.path({ batch: { maxEvents: 3, maxSeconds: 2 } })
  const events = await sendAll(source, 1, 2, 3)
  const [full] = await relay.arrived(receiver, 1)
  expect(full && numbersOf(full)).toEqual([1, 2, 3])
  const before = Date.now()
  events.push(...(await sendAll(source, 4, 5)))
  const [, late] = await relay.arrived(receiver, 2)
  expect(late && numbersOf(late)).toEqual([4, 5])
  expect((late?.at ?? 0) - before).toBeGreaterThan(1_500)
  for (const { body, headers } of receiver.received) {
    const verified = new Webhook(endpoint.secret).verify(body, headers as Record<string, string>)
    expect(verified).toMatchObject([{ type: 'push' }, { type: 'push' }, ...(body === full?.body ? [{}] : [])])
    expect(headers['webhook-id']).toMatch(/^bat_/)
  }
  for (const { id } of events)
    expect(await relay.delivery(id)).toMatchObject({ status: 'delivered', attempts: 1 })
})

it.concurrent('is one delivery of what a subscription aggregates', async () => {
  const source = await relay.source()
  const receiver = await relay.receiver()
  const endpoint = await relay.call<{ id: string }>('POST', '/endpoints', {
    url: `${receiver.url}/{{data.key}}`,
  })
  await relay.call('POST', '/subscriptions', {
    endpointId: endpoint.id,
    sourceIds: [source.id],
    aggregate: { key: '/shop', maxEvents: 2, maxSeconds: 2 },
  })
  for (const [shop, n] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
  ]) {
    await relay.send(source, JSON.stringify({ shop, n }))
  }
  const requests = await relay.arrived(receiver, 2)
  expect(requests.map(({ path }) => path)).toEqual(['/a', '/b'])
  expect(requests.map(({ body }) => JSON.parse(String(body)) as unknown)).toMatchObject([
    { type: 'push', data: { key: 'a', count: 2, events: [{ data: { n: 1 } }, { data: { n: 3 } }] } },
    { type: 'push', data: { key: 'b', count: 1, events: [{ data: { n: 2 } }] } },
  ])
})

// Not beside the others, whose server it kills.
it('is tried again as it was, also by a server that was killed in between', { timeout: 60_000 }, async () => {
  let isDown = true
  const { source, receiver } = await relay.path(
    { batch: { maxEvents: 2, maxSeconds: 1 }, retry: { scheduleSeconds: [0, 1, 2, 2, 2, 2, 2, 2, 2, 2] } },
    (_, response) => {
      response.statusCode = isDown ? 500 : 200
      response.end('so it is')
    },
  )
  const [first, second] = await sendAll(source, 1, 2)
  await relay.arrived(receiver, 2)
  await relay.kill()
  await relay.start()
  const later = await sendAll(source, 3)
  isDown = false
  const delivered = await relay.delivery(first?.id ?? '')
  expect(delivered.status).toBe('delivered')
  expect((await relay.delivery(second?.id ?? '')).attempts).toBe(delivered.attempts)
  expect((await relay.delivery(later[0]?.id ?? '')).status).toBe('delivered')
  const own = receiver.received.filter((each) => numbersOf(each).includes(1))
  expect(own.length).toBeGreaterThanOrEqual(3)
  expect(new Set(own.map(({ headers, body }) => [headers['webhook-id'], String(body)].join(' '))).size).toBe(
    1,
  )
  expect(own.map(numbersOf).at(-1)).toEqual([1, 2])
})
