import { randomUUID } from 'node:crypto'
import { drained } from '../drain.ts'
import { filler } from '../event.ts'
import type { Scenario } from '../scenario.ts'
import { inTurns, ratioOf, rowOf, type Sample } from '../stats.ts'
import type { World } from '../world.ts'

const BATCH = 100
const BATCHES_AT_ONCE = 4
const TEXT = filler(900)

/** A backlog to one endpoint without an order and with a fast receiver: from its release to its last arrival. */
export const deliver: Scenario = {
  name: 'deliver',
  about: 'a backlog to one fast receiver, beside a bare alarm loop',
  async run(world, { deliveries, rounds }) {
    const endpoint = await world.api.post<{ id: string }>('/v1/endpoints', {
      name: 'bench deliver',
      url: world.receiverUrl,
      eventTypes: ['bench.deliver'],
      state: 'paused',
    })
    const targets = [
      { name: 'bare: an alarm loop, 100 each, 6 at once', drain: (ids: string[]) => drainBare(world, ids) },
      {
        name: 'hookway: signed, logged, 6 at once',
        drain: (ids: string[]) => drainOurs(world, endpoint.id, ids),
      },
    ]
    const ids = (count: number) => Array.from({ length: count }, () => randomUUID())
    for (const { drain } of targets) await drain(ids(Math.ceil(deliveries / 10)))
    const samples = await inTurns(rounds, targets, ({ drain }) => drain(ids(deliveries)))
    const ratio = ratioOf(samples[1] ?? [], samples[0] ?? [])
    const rows = targets.map(({ name }, at) =>
      rowOf(name, samples[at] ?? [], { 'to bare': ratioOf(samples[at] ?? [], samples[0] ?? []) }),
    )
    return [
      {
        title: `deliver, a backlog of ${deliveries} (times count from its release)`,
        rows,
        goals: [
          { name: 'to the bare alarm loop', value: ratio, atLeast: 0.6 },
          { name: 'lost or repeated', value: rows[1]?.errors ?? Number.NaN, atMost: 0 },
        ],
      },
    ]
  },
}

async function drainBare(world: World, ids: string[]): Promise<Sample> {
  await world.quiet()
  return drained(world, ids, async () => {
    const body = JSON.stringify({ ids, text: TEXT })
    await fetch(`${world.bareUrl}/drain`, { method: 'POST', body })
  })
}

async function drainOurs(world: World, endpointId: string, ids: string[]): Promise<Sample> {
  await world.api.patch(`/v1/endpoints/${endpointId}`, { state: 'paused' })
  await publish(world, ids)
  await world.quiet()
  return drained(world, ids, () => world.api.patch(`/v1/endpoints/${endpointId}`, { state: 'active' }))
}

async function publish({ api }: World, ids: string[]): Promise<void> {
  let next = 0
  const publisher = async () => {
    for (let at = next; at < ids.length; at = next) {
      next += BATCH
      const events = ids
        .slice(at, at + BATCH)
        .map((id) => ({ type: 'bench.deliver', data: { id, text: TEXT } }))
      await api.post('/v1/events/batch', { events })
    }
  }
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, publisher))
}
