import type { LoadResult, LoadTask } from './load.ts'
import { rowOf, type Row, type Sample } from './stats.ts'
import type { World } from './world.ts'

export interface IngestOptions {
  connections: number
  seconds: number
  rounds: number
}

/** How many signed webhooks a second are acknowledged as durable, beside what the bare platform can do with them. */
export async function ingest(world: World, { connections, seconds, rounds }: IngestOptions): Promise<Row[]> {
  const source = await world.api.post<{ url: string }>('/v1/sources', {
    name: 'bench ingest',
    provider: 'github',
    secrets: [world.secret],
  })
  const targets = [
    { name: 'bare: hello world', url: `${world.bareUrl}/hello` },
    { name: 'bare: HMAC, one object call, one insert', url: `${world.bareUrl}/insert` },
    { name: 'hookway: verified, normalised, durable', url: world.ingestUrl(source) },
  ]
  const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]))
  const task = (url: string, forSeconds: number): LoadTask => ({
    url,
    secret: world.secret,
    connections,
    seconds: forSeconds,
  })
  for (const { url } of targets) await world.load.call(task(url, 1))
  // In turns, so that a drift of the machine touches all alike.
  for (let round = 0; round < rounds; round++) {
    for (const { name, url } of targets) {
      await world.quiet()
      samples.get(name)?.push(sampleOf(await world.load.call(task(url, seconds))))
    }
  }
  await world.quiet()
  const rows = targets.map(({ name }) => rowOf(name, samples.get(name) ?? []))
  const bare = rows[1]?.perSecond ?? Number.NaN
  return rows.map((row) => ({ ...row, ratio: row.perSecond / bare }))
}

function sampleOf({ acknowledged, elapsedMs, latenciesMs, errors }: LoadResult): Sample {
  return { count: acknowledged, elapsedMs, latenciesMs, errors }
}
