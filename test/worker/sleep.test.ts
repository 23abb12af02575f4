import { beforeAll, describe, expect, it } from 'vitest'
import { Leftovers } from './leftovers.ts'
import { RelayWorld } from './relay-world.ts'

let world: RelayWorld
let leftovers: Leftovers
beforeAll(async () => {
  world = await RelayWorld.open()
  leftovers = Leftovers.watch()
})

/** How a receiver may treat a request, and what becomes of the delivery. */
const RECEIVERS: [
  what: string,
  status: string,
  answer: (watch: Leftovers, signal: AbortSignal) => Promise<Response>,
][] = [
  ['answers', 'delivered', async (watch) => new Response(watch.body(3))],
  ['answers without a body', 'delivered', async () => new Response(null, { status: 204 })],
  ['answers without end', 'delivered', async (watch) => new Response(watch.body(Infinity))],
  ['hangs in its answer', 'delivered', async (watch, signal) => new Response(watch.body(2, signal))],
  ['fails', 'retrying', async (watch) => new Response(watch.body(3), { status: 500 })],
  ['fails without end', 'retrying', async (watch) => new Response(watch.body(Infinity), { status: 503 })],
  ['never answers', 'retrying', (watch, signal) => watch.silence(signal)],
  ['breaks the connection', 'retrying', () => Promise.reject(new Error('Network connection lost.'))],
]

describe('an object that waits holds nothing that would keep it awake', () => {
  it.each(RECEIVERS)('when its receiver %s', async (what, status, answer) => {
    const type = what.replaceAll(' ', '_')
    // Of the others the deadline would still be far away.
    const timeoutMs = /hangs|never/.test(what) ? 300 : 30_000
    leftovers.answer((__, signal) => answer(leftovers, signal))
    const endpoint = await world.endpoint(type, { timeoutMs, retry: { scheduleSeconds: [0, 600] } })
    await world.publish(type)
    await world.untilLogged(endpoint, status, 1)
    await leftovers.untilNone()
    expect(leftovers.seen.timers, 'the deadline was a timer').toBeGreaterThan(0)
  })

  it('when its authorisation server answers without end, and the receiver refuses the token', async () => {
    leftovers.answer(async (url) =>
      url.endsWith('/token')
        ? new Response(leftovers.body(Infinity))
        : new Response(leftovers.body(3), { status: 401 }),
    )
    const auth = { type: 'oauth2', tokenUrl: 'http://127.0.0.1/token', clientId: 'a', clientSecret: 'b' }
    const endpoint = await world.endpoint('token', { auth, retry: { scheduleSeconds: [0, 600] } })
    await world.publish('token')
    await world.untilLogged(endpoint, 'retrying', 1)
    await leftovers.untilNone()
  })
})
