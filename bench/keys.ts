import { Connection } from './connection.ts'
import { now, signedRequest } from './event.ts'
import { rowOf, type Row } from './stats.ts'
import type { World } from './world.ts'

export interface KeysOptions {
  deliveries: number
  concurrency: number
}

const KEYS = 1_000
const CONNECTIONS = 32
const ARRIVE_WITHIN_MS = 600_000
/** Far more tries than a receiver that refuses one in twenty ever needs. */
const RETRY = { scheduleSeconds: [0, 1, 1, 1, 1, 1, 1, 1, 1, 1] }

/**
 * What keeping the order of a thousand keys costs while one attempt in twenty fails: the same backlog drained with and
 * without it. An overtaking counts as an error.
 */
export async function keys(world: World, { deliveries, concurrency }: KeysOptions): Promise<Row[]> {
  const source = await world.api.post<{ id: string; url: string }>('/v1/sources', {
    name: 'bench keys',
    provider: 'github',
    secrets: [world.secret],
    ordering: true,
  })
  const open = (ordering: string) =>
    world.api.post<{ id: string }>('/v1/endpoints', {
      name: `bench keys ${ordering}`,
      url: `${world.receiverUrl}flaky/${ordering}`,
      sourceIds: [source.id],
      state: 'paused',
      adaptive: false,
      retry: RETRY,
      ordering,
      concurrency,
      ...(ordering === 'key' && { orderingKey: '/key' }),
    })
  const [free, ordered] = [await open('none'), await open('key')]
  await fill(world, world.ingestUrl(source), deliveries)
  const rows = [
    await drain(world, free, { name: 'no order', deliveries, isOrdered: false }),
    await drain(world, ordered, { name: `order by ${KEYS} keys`, deliveries, isOrdered: true }),
  ]
  const base = rows[0]?.perSecond ?? Number.NaN
  return rows.map((row) => ({ ...row, ratio: row.perSecond / base }))
}

/** Every key has its connection, on which one event follows the answer to the one before it. */
async function fill(world: World, target: string, count: number): Promise<void> {
  const url = new URL(target)
  const send = async (lane: number) => {
    const connection = new Connection(url)
    for (let at = lane; at < count; at += CONNECTIONS) {
      // The lane's keys in turn: every one of them stays on this connection.
      const turn = Math.floor(at / CONNECTIONS)
      const own = Math.ceil((KEYS - lane) / CONNECTIONS)
      const key = lane + CONNECTIONS * (turn % own)
      const fields = `"key":"k${key}","number":${Math.floor(turn / own) + 1},`
      const status = await connection.send(signedRequest({ url, secret: world.secret, fields }).bytes)
      if (status !== 200) throw new Error(`filling was answered ${status}`)
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, lane) => send(lane)))
  await world.quiet()
}

async function drain(
  world: World,
  { id }: { id: string },
  { name, deliveries, isOrdered }: { name: string; deliveries: number; isOrdered: boolean },
): Promise<Row> {
  const begin = now()
  await world.api.patch(`/v1/endpoints/${id}`, { state: 'active' })
  const task = { op: 'take' as const, count: deliveries, withinMs: ARRIVE_WITHIN_MS }
  const { at, duplicates, overtakings } = await world.receiver.call(task)
  await world.quiet()
  const times = [...at.values()].toSorted((a, b) => a - b)
  const elapsedMs = (times.at(-1) ?? begin) - begin
  const errors = deliveries - times.length + duplicates + (isOrdered ? overtakings : 0)
  return rowOf(name, [
    { count: times.length, elapsedMs, latenciesMs: times.map((time) => time - begin), errors },
  ])
}
