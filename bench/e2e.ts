import type { LoadResult, LoadTask } from './load.ts'
import { rowOf, type Row, type Sample } from './stats.ts'
import type { Arrivals } from './receiver.ts'
import type { World } from './world.ts'

export interface EndToEndOptions {
  connections: number
  seconds: number
  rounds: number
  /** Far below the limit, so that the time is the way and not the queue; without it, as fast as answers come. */
  ratePerSecond?: number
}

interface Route {
  name: string
  url: string
}

const ARRIVE_WITHIN_MS = 60_000

/** The ways to the receiver: through the bare worker, and through a source and an endpoint of ours. */
export async function openRoutes({ api, secret, receiverUrl, bareUrl, ingestUrl }: World): Promise<Route[]> {
  const source = await api.post<{ id: string; url: string }>('/v1/sources', {
    name: 'bench e2e',
    provider: 'github',
    secrets: [secret],
  })
  const endpoint = await api.post<{ id: string }>('/v1/endpoints', { name: 'bench e2e', url: receiverUrl })
  await api.post('/v1/subscriptions', {
    endpointId: endpoint.id,
    sourceIds: [source.id],
    eventTypes: ['*'],
  })
  return [
    { name: 'bare: insert, answer, forward once', url: `${bareUrl}/relay` },
    { name: 'hookway: durable, signed, retried, logged', url: ingestUrl(source) },
  ]
}

/** From the first byte sent to the receiver's own clock. */
export async function endToEnd(world: World, routes: Route[], options: EndToEndOptions): Promise<Row[]> {
  const { rounds, ...how } = options
  const samples = new Map<string, Sample[]>(routes.map(({ name }) => [name, []]))
  for (const { url } of routes) await pass(world, { ...how, url, secret: world.secret, seconds: 1 })
  for (let round = 0; round < rounds; round++) {
    for (const { name, url } of routes) {
      samples.get(name)?.push(await pass(world, { ...how, url, secret: world.secret }))
    }
  }
  const rows = routes.map(({ name }) => rowOf(name, samples.get(name) ?? []))
  const bare = rows[0]?.perSecond ?? Number.NaN
  return rows.map((row) => ({ ...row, ratio: row.perSecond / bare }))
}

/** One slice, counted until its last event has arrived. */
async function pass(world: World, task: LoadTask): Promise<Sample> {
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
