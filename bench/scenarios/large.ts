import { openRoute, pass, troubles, type Passed, type Route } from '../route.ts'
import type { Result, Scenario } from '../scenario.ts'
import { inTurns, median, percentile, rowOf } from '../stats.ts'
import type { World } from '../world.ts'

const MIB = 1024 * 1024
const SIZES = [
  { name: '1 MiB', bodyBytes: MIB, connections: 8 },
  { name: '25 MiB', bodyBytes: 25 * MIB, connections: 2 },
]

/** Bodies that go through the bucket, compared with what was sent by a digest of every byte. */
export const large: Scenario = {
  name: 'large',
  about: 'bodies of 1 MiB and 25 MiB, delivered byte for byte',
  async run(world, { seconds, rounds }) {
    const bare: Route = {
      name: 'bare: HMAC, bucket, forward once',
      server: 'bare',
      urls: [`${world.bareUrl}/bucket`],
      targets: [[{ path: '/digest/bare', endpointId: '' }]],
    }
    const routes = [bare, await openRoute(world, ['/digest/ours'])]
    const results: Result[] = []
    for (const size of SIZES) results.push(await table(world, routes, { ...size, seconds, rounds }))
    return results
  },
}

async function table(
  world: World,
  routes: Route[],
  {
    name,
    rounds,
    ...how
  }: { name: string; bodyBytes: number; connections: number; seconds: number; rounds: number },
): Promise<Result> {
  for (const route of routes) await pass(world, route, { ...how, seconds: 1, isDigested: true })
  const passes = await inTurns(rounds, routes, (route) => pass(world, route, { ...how, isDigested: true }))
  const rows = routes.map((route, at) => {
    const own = passes[at] ?? []
    const delivered = (share: number) => median(own.map(({ latenciesMs }) => percentile(latenciesMs, share)))
    return rowOf(route.name, own.map(acknowledgements), {
      'deliv. p50': delivered(0.5),
      'deliv. p99': delivered(0.99),
      'MiB/s':
        median(own.map(({ sent }) => sent.acknowledged / sent.elapsedMs)) * 1000 * (how.bodyBytes / MIB),
      differing: own.reduce((total, each) => total + differing(each, route), 0),
    })
  })
  return {
    title: `large, ${name} by ${how.connections} connections (events/s, p50 and p99 of the acknowledgement)`,
    rows,
    facts: troubles(passes.flat()),
    goals: [
      {
        name: 'bodies not delivered byte for byte',
        value: rows[1]?.more?.['differing'] ?? Number.NaN,
        atMost: 0,
      },
      { name: 'lost or repeated', value: rows[1]?.errors ?? Number.NaN, atMost: 0 },
    ],
  }
}

function acknowledgements({ sent, errors }: Passed) {
  return { count: sent.acknowledged, elapsedMs: sent.elapsedMs, latenciesMs: sent.latenciesMs, errors }
}

function differing({ sent, digests }: Passed, { targets }: Route): number {
  const path = targets[0]?.[0]?.path ?? ''
  return [...sent.digests].filter(([id, digest]) => digests.get(`${path} ${id}`) !== digest).length
}
