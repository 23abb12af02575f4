import { env } from 'cloudflare:workers'
import { beforeAll, expect, it, vi } from 'vitest'
import { runSweeps } from '../../src/cron.ts'
import { dumpEverything } from './dump.ts'
import { fireAlarm, RelayWorld } from './relay-world.ts'

const DAY_MS = 86_400_000

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

/** A tenant that has published one small and one large event, each delivered and logged. */
async function tenantWith(retentionDays: number, marker: string) {
  const { id } = await world.call<{ id: string }>('POST', '/tenants', { name: marker, retentionDays })
  const url = `http://127.0.0.1/${crypto.randomUUID()}`
  const endpoint = await world.call<{ id: string }>(
    'POST',
    '/endpoints',
    { url, eventTypes: ['kept'] },
    { 'hookway-tenant': id },
  )
  for (const data of [marker, marker.repeat(30_000)]) {
    await world.call('POST', '/events', { type: 'kept', data, orderingKey: marker }, { 'hookway-tenant': id })
  }
  await world.untilArrived({ url }, 2)
  const objects = [env.INTAKE.getByName(`${id}/publish/ordered`), env.ENDPOINT.getByName(endpoint.id)]
  const list = () =>
    world.call<{ data: { status: string }[] }>('GET', '/deliveries?status=delivered', undefined, {
      'hookway-tenant': id,
    })
  await vi.waitFor(async () => expect((await list()).data).toHaveLength(2), 10_000)
  for (const object of objects) while (await fireAlarm(world, object));
  return { id, endpoint }
}

/** What the log, the objects and the bucket hold of a tenant. */
async function placesOf(marker: string) {
  const { d1, objects, bucket } = await dumpEverything()
  const inLog = d1.includes(`"ordering_key":"${marker}"`)
  return [inLog && 'log', objects.includes(marker) && 'objects', bucket.includes(marker) && 'bucket'].filter(
    Boolean,
  )
}

async function pass(days: number): Promise<void> {
  world.now += days * DAY_MS
  await runSweeps(env)
}

it(
  'a tenant’s retention holds for its logs, its journals and its bodies in the bucket alike',
  { timeout: 60_000 },
  async () => {
    await tenantWith(2, 'marker-of-two')
    await tenantWith(60, 'marker-of-sixty')
    const gone = await tenantWith(60, 'marker-of-deleted')
    expect(await placesOf('marker-of-two')).toEqual(['log', 'objects', 'bucket'])
    await pass(1)
    expect(await placesOf('marker-of-two')).toEqual(['log', 'objects', 'bucket'])
    await pass(3)
    expect(await placesOf('marker-of-two')).toEqual([])
    await pass(40)
    expect(await placesOf('marker-of-sixty')).toEqual(['log', 'objects', 'bucket'])
    expect(await placesOf('marker-of-deleted')).toEqual(['log', 'objects', 'bucket'])

    await world.call('DELETE', `/endpoints/${gone.endpoint.id}`, undefined, { 'hookway-tenant': gone.id })
    while (await fireAlarm(world, env.ENDPOINT.getByName(gone.endpoint.id)));
    await world.call('DELETE', `/tenants/${gone.id}`)
    await pass(1)
    expect(await placesOf('marker-of-deleted')).toEqual([])
    await pass(21)
    expect(await placesOf('marker-of-sixty')).toEqual([])
  },
)
