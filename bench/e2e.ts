import type { LoadResult } from './load.ts'
import { rowOf, type Row, type Sample } from './stats.ts'
import type { Arrivals } from './receiver.ts'
import type { World } from './world.ts'

export interface EndToEndOptions {
  connections: number
  seconds: number
  rounds: number
  /** Far below the limit, so that the time is the way and not the queue. */
  ratePerSecond: number
}

const ARRIVE_WITHIN_MS = 60_000

/** From the first byte sent to the receiver's own clock: the time at a moderate rate, and how many can go through at all. */
export async function endToEnd(world: World, options: EndToEndOptions): Promise<Row[]> {
  const { api, secret, receiverUrl } = world
  const source = await api.post<{ id: string; url: string }>('/v1/sources', {
    name: 'bench e2e',
    provider: 'github',
    secrets: [secret],
  })
  const endpoint = await api.post<{ id: string }>('/v1/endpoints', { name: 'bench e2e', url: receiverUrl })
  await api.post('/v1/subscriptions', { endpointId: endpoint.id, sourceIds: [source.id], eventTypes: ['*'] })
  const targets = [
    { name: 'bare: insert, answer, forward once', url: `${world.bareUrl}/relay` },
    { name: 'hookway: durable, signed, retried, logged', url: world.ingestUrl(source) },
  ]
  const { ratePerSecond, rounds, seconds, connections } = options
  const rows: Row[] = []
  for (const [mode, rate] of [
    [`at ${ratePerSecond}/s`, ratePerSecond],
    ['at most', undefined],
  ] as const) {
    const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]))
    for (const { url } of targets) await pass(world, { url, secret, connections, seconds: 1, ...paced(rate) })
    for (let round = 0; round < rounds; round++) {
      for (const { name, url } of targets) {
        samples.get(name)?.push(await pass(world, { url, secret, connections, seconds, ...paced(rate) }))
      }
    }
    const pair = targets.map(({ name }) => rowOf(`${name}, ${mode}`, samples.get(name) ?? []))
    const bare = pair[0]?.perSecond ?? Number.NaN
    rows.push(...pair.map((row) => ({ ...row, ratio: row.perSecond / bare })))
  }
  return rows
}

function paced(ratePerSecond: number | undefined): { ratePerSecond?: number } {
  return ratePerSecond === undefined ? {} : { ratePerSecond }
}

/** One slice, counted until its last event has arrived. */
async function pass(world: World, task: Parameters<World['load']['call']>[0]): Promise<Sample> {
  await world.quiet()
  const sent = await world.load.call(task)
  const arrivals = await world.receiver.call({
    op: 'take',
    count: sent.acknowledged,
    withinMs: ARRIVE_WITHIN_MS,
  })
  return sampleOf(sent, arrivals)
}

/** An event that never arrives is an error, as is one that arrives twice here, where nothing fails. */
function sampleOf({ sentAt, errors }: LoadResult, { at, duplicates }: Arrivals): Sample {
  const first = Math.min(...sentAt.values())
  let last = first
  const latenciesMs: number[] = []
  for (const [id, sent] of sentAt) {
    const arrived = at.get(id)
    if (arrived === undefined) continue
    latenciesMs.push(arrived - sent)
    last = Math.max(last, arrived)
  }
  const lost = sentAt.size - latenciesMs.length
  return {
    count: latenciesMs.length,
    elapsedMs: last - first,
    latenciesMs,
    errors: errors + lost + duplicates,
  }
}
