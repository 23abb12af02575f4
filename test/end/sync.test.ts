import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Script } from '../support/receiver.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

/** A source whose sender waits, a receiver that answers as scripted, and an endpoint between them. */
async function waiting(script: Script, { timeoutMs = 20_000, ...settings }: Record<string, unknown> = {}) {
  const receiver = await relay.receiver(script)
  const source = await relay.source({ response: { mode: 'sync', timeoutMs, body: '{"own":true}' } })
  return { receiver, source, endpoint: await relay.endpoint(source, receiver, settings) }
}

const seen = async (response: Response) => ({
  status: response.status,
  sync: response.headers.get('hookway-sync'),
  body: await response.text(),
})

describe.concurrent('a provider whose source is synchronous', () => {
  it("gets the receiver's own answer, and the delivery is logged like any other", async () => {
    const { receiver, source } = await waiting(({ headers }, response) => {
      response.writeHead(201, { 'content-type': 'application/xml', 'x-order': '7' })
      response.end(`<made id="${String(headers['hookway-event-id'])}"/>`)
    })
    const response = await relay.post(source, '{"order":7}')
    const { headers } = response
    expect([headers.get('content-type'), headers.get('x-order')]).toEqual(['application/xml', '7'])
    const { status, sync, body } = await seen(response)
    expect([status, sync]).toEqual([201, 'answered'])
    const eventId = /id="(evt_\w+)"/.exec(body)?.[1] ?? ''
    const delivery = await relay.delivery(eventId)
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 1, statusCode: 201 })
    expect(receiver.received.map(({ headers: sent }) => sent['webhook-id'])).toEqual([delivery.id])
  })

  it('gets the configured answer when the receiver is slower than the deadline, and one delivery is made', async () => {
    const late = Promise.withResolvers<void>()
    const { receiver, source } = await waiting(
      (_, response) => void late.promise.then(() => response.end('late')),
      { timeoutMs: 300 },
    )
    const first = await seen(await relay.post(source, '{"slow":1}'))
    expect(first).toEqual({ status: 200, sync: 'timeout', body: '{"own":true}' })
    late.resolve()
    const repeat = await eventualRepeat(source)
    expect(repeat).toEqual({ status: 200, sync: 'answered', body: 'late' })
    expect(receiver.received).toHaveLength(1)
  })

  it('that sends the same twice at once gets one answer of one delivery', async () => {
    const { receiver, source } = await waiting((_, response, count) => response.end(`answer ${count}`))
    const both = await Promise.all([relay.post(source, '{"n":1}'), relay.post(source, '{"n":1}')])
    const one = { status: 200, sync: 'answered', body: 'answer 1' }
    expect(await Promise.all(both.map(seen))).toEqual([one, one])
    expect(receiver.received).toHaveLength(1)
  })

  it('hears a 500 as it is; the retry goes on, and a repeat hears how it ended', async () => {
    const { receiver, source } = await waiting(
      (_, response, count) => {
        response.writeHead(count === 1 ? 500 : 200)
        response.end(count === 1 ? 'on fire' : 'put out')
      },
      { retry: { scheduleSeconds: [0, 1] } },
    )
    const failed = await seen(await relay.post(source, '{"n":2}'))
    expect(failed).toEqual({ status: 500, sync: 'answered', body: 'on fire' })
    const [first, second] = await relay.arrived(receiver, 2)
    expect(first?.headers['webhook-id']).toBe(second?.headers['webhook-id'])
    expect(await seen(await relay.post(source, '{"n":2}'))).toMatchObject({ sync: 'answered' })
    expect(receiver.received).toHaveLength(2)
  })

  it('does not wait for a paused endpoint, which gets the event when it is resumed', async () => {
    const { receiver, source, endpoint } = await waiting((_, response) => response.end('ok'), {
      state: 'paused',
    })
    const before = Date.now()
    const held = await seen(await relay.post(source, '{"n":3}'))
    expect(held).toEqual({ status: 200, sync: 'held', body: '{"own":true}' })
    expect(Date.now() - before).toBeLessThan(10_000)
    await relay.call('PATCH', `/endpoints/${endpoint.id}`, { state: 'active' })
    await relay.arrived(receiver, 1)
  })
})

/** The same request until its answer is no timeout: the receiver answers a moment after it was let go. */
async function eventualRepeat(source: { id: string }) {
  for (;;) {
    const answer = await seen(await relay.post(source, '{"slow":1}'))
    if (answer.sync !== 'timeout') return answer
  }
}
