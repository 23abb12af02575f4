import { failuresIn, troubles } from '../route.ts'
import type { Goal, Result, Scenario } from '../scenario.ts'
import { inTurns, median, percentile, ratioOf, rowOf, type Sample } from '../stats.ts'
import type { World } from '../world.ts'

const WARM_SECONDS = 2
const VERIFIED = 'bare: HMAC verified, nothing stored'
const INSERTED = 'bare: HMAC, one object call, one insert'
const OURS = 'hookway: verified, deduplicated, durable'
/** The goals are set for this many. */
const GOAL_CONNECTIONS = 64

/** How many signed webhooks a second are acknowledged as durable, beside what the bare platform can do with them. */
export const ingest: Scenario = {
  name: 'ingest',
  about: 'signed webhooks acknowledged as durable, as many as go',
  async run(world, { connections, seconds, rounds }) {
    const source = await world.api.post<{ url: string }>('/v1/sources', {
      name: 'bench ingest',
      provider: 'github',
      secrets: [world.secret],
    })
    const targets = [
      { name: 'bare: hello world', url: `${world.bareUrl}/hello` },
      { name: VERIFIED, url: `${world.bareUrl}/verify` },
      { name: INSERTED, url: `${world.bareUrl}/insert` },
      { name: 'bare: HMAC, one object call, group commit', url: `${world.bareUrl}/group` },
      { name: OURS, url: world.ingestUrl(source) },
    ]
    for (const { url } of targets) await load(world, { url, connections: 64, seconds: WARM_SECONDS })
    const results: Result[] = []
    for (const each of connections)
      results.push(await table(world, targets, { connections: each, seconds, rounds }))
    return results
  },
}

type Target = { name: string; url: string }

async function table(
  world: World,
  targets: Target[],
  { connections, seconds, rounds }: { connections: number; seconds: number; rounds: number },
): Promise<Result> {
  const trouble: { trouble: Record<string, number> }[] = []
  const samples = await inTurns(rounds, targets, async ({ url }) => {
    await world.quiet()
    const sent = await load(world, { url, connections, seconds })
    trouble.push({ trouble: failuresIn(sent) })
    return { ...sent, count: sent.acknowledged }
  })
  const of = (name: string) => samples[targets.findIndex((each) => each.name === name)] ?? []
  const rows = targets.map(({ name }, at) =>
    rowOf(name, samples[at] ?? [], {
      'to verified': ratioOf(samples[at] ?? [], of(VERIFIED)),
      'to inserted': ratioOf(samples[at] ?? [], of(INSERTED)),
      'p99/p50': median((samples[at] ?? []).map(tailOf)),
    }),
  )
  return {
    title: `ingest, ${connections} connections`,
    rows,
    facts: troubles(trouble),
    ...(connections === GOAL_CONNECTIONS && { goals: goalsOf(rows.at(-1)?.more ?? {}) }),
  }
}

function goalsOf(ours: Record<string, number>): Goal[] {
  return [
    { name: 'to HMAC and one insert', value: ours['to inserted'] ?? Number.NaN, atLeast: 1.5 },
    { name: 'to HMAC alone', value: ours['to verified'] ?? Number.NaN, atLeast: 0.4 },
    { name: 'p99 to p50', value: ours['p99/p50'] ?? Number.NaN, atMost: 4 },
  ]
}

function load(world: World, task: { url: string; connections: number; seconds: number }) {
  return world.load.call({ ...task, secret: world.secret })
}

function tailOf({ latenciesMs }: Sample): number {
  return percentile(latenciesMs, 0.99) / percentile(latenciesMs, 0.5)
}
