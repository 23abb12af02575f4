import { rowOf, type Row, type Sample } from './stats.ts'
import type { World } from './world.ts'

export interface HungOptions {
  seconds: number
  rounds: number
  /** Events a second, each with nine or ten deliveries. */
  ratePerSecond: number
}

const SOURCES = 10
const GOOD_EACH = 9
/** Short, so that a hung receiver takes many places within the run. */
const TIMEOUT_MS = 3_000
const ARRIVE_WITHIN_MS = 60_000

/** How much later the others' deliveries come when one receiver in ten hangs or fails. */
export async function hung(world: World, { seconds, rounds, ratePerSecond }: HungOptions): Promise<Row[]> {
  const { api, receiverUrl } = world
  const sources = await Promise.all(Array.from({ length: SOURCES }, (_, at) => openSource(world, at)))
  const open = (path: string, { id }: { id: string }) =>
    api.post('/v1/endpoints', {
      name: `bench ${path}`,
      url: receiverUrl + path,
      timeoutMs: TIMEOUT_MS,
      sourceIds: [id],
    })
  for (const [at, source] of sources.entries())
    await Promise.all(Array.from({ length: GOOD_EACH }, (_, each) => open(`good/${at}/${each}`, source)))
  const urls = sources.map(({ url }) => url)
  await pass(world, { urls, seconds: 2, ratePerSecond })
  const rows: Row[] = []
  rows.push(rowOf('90 endpoints, all well', await passes(world, { urls, seconds, ratePerSecond }, rounds)))
  for (const [at, source] of sources.entries()) await open(`${at % 2 ? 'fail' : 'hang'}/${at}`, source)
  await pass(world, { urls, seconds: 2, ratePerSecond })
  rows.push(
    rowOf(
      'the same, with 5 that hang and 5 that fail',
      await passes(world, { urls, seconds, ratePerSecond }, rounds),
    ),
  )
  const well = rows[0]?.p99Ms ?? Number.NaN
  return rows.map((row) => ({ ...row, ratio: row.p99Ms / well }))
}

interface Pass {
  urls: string[]
  seconds: number
  ratePerSecond: number
}

async function passes(world: World, task: Pass, rounds: number): Promise<Sample[]> {
  const samples: Sample[] = []
  for (let round = 0; round < rounds; round++) samples.push(await pass(world, task))
  return samples
}

async function openSource(world: World, at: number): Promise<{ id: string; url: string }> {
  const { api, secret } = world
  const settings = { name: `bench hung ${at}`, provider: 'github', secrets: [secret] }
  const source = await api.post<{ id: string; url: string }>('/v1/sources', settings)
  return { id: source.id, url: world.ingestUrl(source) }
}

/** One slice; only the good endpoints count. */
async function pass(world: World, { urls, seconds, ratePerSecond }: Pass): Promise<Sample> {
  const url = urls[0] ?? ''
  const task = { url, urls, secret: world.secret, connections: 16, seconds, ratePerSecond }
  const { sentAt, errors, acknowledged } = await world.load.call(task)
  const count = acknowledged * GOOD_EACH
  const { at, duplicates } = await world.receiver.call({ op: 'take', count, withinMs: ARRIVE_WITHIN_MS })
  const latenciesMs: number[] = []
  for (const [arrival, time] of at) {
    const sent = sentAt.get(arrival.slice(arrival.indexOf(' ') + 1))
    if (sent !== undefined) latenciesMs.push(time - sent)
  }
  const lost = count - latenciesMs.length
  return {
    count: latenciesMs.length,
    elapsedMs: seconds * 1000,
    latenciesMs,
    errors: errors + lost + duplicates,
  }
}
