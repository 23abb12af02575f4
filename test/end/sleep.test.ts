import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import type { Receiver } from '../support/receiver.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

/**
 * The runtime ends an object that has done nothing for ten seconds, unless something keeps it: a timer, an answer that is
 * not read, a call that is not over. Its memory ends with it, and what only memory has tells of it from outside: an
 * endpoint asks for another access token, and an intake has forgotten a request that brought nothing new.
 */
it('objects sleep between retries and after a delivery', { timeout: 120_000 }, async () => {
  const tokens = await authorisationServer()
  const retrying = await relay.path(
    { auth: tokens.auth, retry: { scheduleSeconds: [0, 7, 25] } },
    (_, response, count) => response.writeHead(count < 3 ? 500 : 200).end('an answer'),
  )
  const delivering = await relay.receiver()
  await relay.endpoint(retrying.source, delivering, { auth: tokens.auth })
  const limited = await relay.source({ rateLimit: { limit: 100, periodSeconds: 86_400 } })

  await relay.send(retrying.source, '{"n":1}')
  const first = await remaining(limited, '{}')
  await relay.arrived(delivering, 1)
  expect(tokens.asked()).toBe(2)

  // By now the alarms that follow an acceptance are over, and the rest of the limit is stored.
  await arrived(retrying.receiver, 2)
  expect(await remaining(limited, '{}'), 'the intake is awake').toBe(first - 1)
  expect(tokens.asked(), 'both endpoints are awake').toBe(2)

  await arrived(retrying.receiver, 3)
  expect(tokens.asked(), 'the endpoint has slept between two attempts').toBe(3)
  expect(await remaining(limited, '{}'), 'the intake has slept').toBe(first - 1)
  await relay.send(retrying.source, '{"n":2}')
  await relay.arrived(delivering, 2)
  expect(tokens.asked(), 'the endpoint has slept after its delivery').toBe(4)
})

/** Gives tokens that last longer than the test. */
async function authorisationServer() {
  const { url, received } = await relay.receiver((_, response) =>
    response.setHeader('content-type', 'application/json').end('{"access_token":"abc","expires_in":3600}'),
  )
  const auth = { type: 'oauth2', tokenUrl: `${url}/token`, clientId: 'us', clientSecret: 'a secret' }
  return { auth, asked: () => received.length }
}

/** What is left of a source's limit after one request more; the same body again is counted and not stored. */
async function remaining(source: { id: string }, body: string): Promise<number> {
  const response = await relay.post(source, body)
  await response.text()
  return Number(/r=(\d+)/.exec(response.headers.get('ratelimit') ?? '')?.[1])
}

async function arrived({ received }: Receiver, count: number): Promise<void> {
  await eventually(() => received.length >= count || undefined, {
    withinMs: 60_000,
    what: () => `${received.length} of ${count} attempts arrived`,
  })
}
