import { createMessageBatch, createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import worker from '../../src/worker.ts'
import { fireUntil, RelayWorld } from './relay-world.ts'

let world: RelayWorld
let told: { id: string; url: string; object: ReturnType<typeof env.ENDPOINT.getByName> }

/** The events of our own that arrived of the type, oldest first. */
const toldOf = (type: string) =>
  world
    .at(told)
    .map(({ body }) => JSON.parse(body) as { type: string; data: Record<string, unknown> })
    .filter((each) => each.type === type)

const untilTold = (type: string) =>
  vi.waitFor(() => expect(toldOf(type)).toHaveLength(1), { timeout: 10_000, interval: 20 })

beforeAll(async () => {
  world = await RelayWorld.open()
  told = await world.endpoint('hookway.*')
  await world.call('POST', '/subscriptions', { endpointId: told.id, eventTypes: ['api.*'] })
})

describe('the owner of an endpoint', () => {
  it('is told once that it fails, and that it has recovered', async () => {
    const circuit = { failures: 2, failingSeconds: 0, cooldownSeconds: 1, cooldownSecondsMax: 1 }
    const failing = await world.endpoint('a.failing', {
      circuit,
      retry: { scheduleSeconds: [0, 1, 1, 1, 1, 1] },
    })
    let status = 500
    world.answer = ({ url }) => new Response('', { status: url === failing.url ? status : 200 })
    await world.publish('a.failing')
    await world.untilArrived(failing, 1)
    await fireUntil(world, failing.object, () => world.at(failing).length >= 3)
    await untilTold('hookway.endpoint.failing')
    expect(toldOf('hookway.endpoint.failing')[0]?.data).toMatchObject({ endpointId: failing.id })
    expect(await world.call('GET', `/endpoints/${failing.id}/health`)).toMatchObject({ state: 'active' })
    status = 200
    await fireUntil(world, failing.object, () => world.at(failing).length >= 4)
    await untilTold('hookway.endpoint.recovered')
  })

  it('is told that it was given up, and of what died', async () => {
    const gone = await world.endpoint('a.gone')
    world.answer = ({ url }) => new Response('', { status: url === gone.url ? 410 : 200 })
    await world.publish('a.gone')
    await world.untilArrived(gone, 1)
    await untilTold('hookway.endpoint.disabled')
    expect(await world.call('GET', `/endpoints/${gone.id}`)).toMatchObject({ state: 'disabled' })

    const refusing = await world.endpoint('a.refused')
    world.answer = ({ url }) => new Response('', { status: url === refusing.url ? 400 : 200 })
    await Promise.all([world.publish('a.refused'), world.publish('a.refused')])
    await world.untilArrived(refusing, 2)
    await world.untilLogged(refusing, 'dead', 2)
    await vi.waitFor(() => {
      const dead = toldOf('hookway.endpoint.dead_letters').map(({ data }) => data['endpointId'])
      expect(dead.filter((id) => id === refusing.id)).toHaveLength(1)
    })
  })
})

describe('the operator', () => {
  it('is told what part of the sweep failed, and the other parts go on', async () => {
    await env.DB.exec('ALTER TABLE replays RENAME TO replays_away')
    const run = () => worker.scheduled(createScheduledController(), env)
    await run()
    await run()
    await env.DB.exec('ALTER TABLE replays_away RENAME TO replays')
    await untilTold('hookway.sweep.failing')
    expect(toldOf('hookway.sweep.failing')[0]?.data).toMatchObject({ failed: ['replays'] })
    const { sweep } = await world.call<{ sweep: { status: string; lists: { list: string }[] } }>(
      'GET',
      '/health',
    )
    expect(sweep.status).toBe('ok')
    expect(sweep.lists.map(({ list }) => list)).toEqual(
      expect.arrayContaining([
        'endpoints',
        'intakes',
        'keys',
        'retention',
        'shared-secrets',
        'tokens',
        'holds',
      ]),
    )
  })

  it('is told of queue messages that ran out of retries, and they are not lost', async () => {
    const message = { kind: 'events' as const, events: [] }
    const send = vi.spyOn(env.LOG, 'send')
    const batch = createMessageBatch('hookway-dead', [
      { id: '1', timestamp: new Date(world.now), attempts: 1, body: message },
    ])
    await worker.queue(batch as never, env)
    await untilTold('hookway.queue.dead_letters')
    expect(toldOf('hookway.queue.dead_letters')[0]?.data).toEqual({ messages: { events: 1 } })
    expect(send).toHaveBeenCalledWith(message, { delaySeconds: 3600 })
  })
})

describe('a tenant', () => {
  it('is told of secrets that nobody rotates, once a day', async () => {
    await world.call('PUT', '/secrets/OLD', { value: 'for ninety days and more' })
    await world.call('POST', '/sources', { provider: 'github', name: 'old' })
    world.now += 91 * 86_400_000
    for (let i = 0; i < 2; i++) await worker.scheduled(createScheduledController(), env)
    await untilTold('hookway.secret.stale')
    await untilTold('hookway.source.secret_stale')
    expect(toldOf('hookway.source.secret_stale')[0]?.data).toMatchObject({ name: 'old', days: 91 })
  })
})
