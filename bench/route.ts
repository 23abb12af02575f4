import { whereabouts } from './disk.ts'
import type { LoadResult, LoadTask } from './load.ts'
import { keyOf } from './receiver.ts'
import type { Sample } from './stats.ts'
import type { Server, World } from './world.ts'

/** A way to the receiver: URLs that take webhooks, and for each of them where its events arrive. */
export interface Route {
  name: string
  server: Server
  urls: string[]
  targets: Target[][]
}

export interface Target {
  path: string
  /** Empty: the bare worker's, which keeps no log. */
  endpointId: string
}

export type Load = Omit<LoadTask, 'url' | 'urls' | 'secret'>

export interface Passed extends Sample {
  sent: LoadResult
  /** When each delivery arrived, by the receiver's key. */
  arrivedAt: Map<string, number>
  digests: Map<string, string>
  /** What went wrong, in words. */
  trouble: Record<string, number>
}

const ARRIVE_WITHIN_MS = 120_000

export function bareRoute({ bareUrl }: World): Route {
  return {
    name: 'bare: one insert, forward once',
    server: 'bare',
    urls: [`${bareUrl}/relay`],
    targets: [[{ path: '/', endpointId: '' }]],
  }
}

export async function openSource(world: World, name: string): Promise<{ id: string; url: string }> {
  const settings = { name, provider: 'github', secrets: [world.secret] }
  const { id, url } = await world.api.post<{ id: string; url: string }>('/v1/sources', settings)
  return { id, url: world.ingestUrl({ url }) }
}

export async function openTarget(world: World, path: string, settings: object): Promise<Target> {
  const url = world.receiverUrl + path.slice(1)
  const { id } = await world.api.post<{ id: string }>('/v1/endpoints', {
    name: `bench ${path}`,
    url,
    ...settings,
  })
  return { path, endpointId: id }
}

/** Through sources and endpoints of ours, one of each for each path. */
export async function openRoute(world: World, paths = ['/']): Promise<Route> {
  const urls: string[] = []
  const targets: Target[][] = []
  for (const path of paths) {
    const source = await openSource(world, `bench ${path}`)
    urls.push(source.url)
    targets.push([await openTarget(world, path, { sourceIds: [source.id] })])
  }
  return { name: 'hookway: durable, signed, retried, logged', server: 'ours', urls, targets }
}

/** One slice, counted until its last event has arrived. */
export async function pass(world: World, route: Route, how: Load): Promise<Passed> {
  await world.quiet()
  return arrived(world, route, await world.load.call(taskOf(world, route, how)))
}

export function taskOf({ secret }: World, { urls }: Route, how: Load): LoadTask {
  return { ...how, url: urls[0] ?? '', urls, secret }
}

/** An event that never arrives is an error, as is one that arrives twice where nothing fails. */
export async function arrived(world: World, { targets, server }: Route, sent: LoadResult): Promise<Passed> {
  const expected = new Map<string, { eventId: string; endpointId: string; sentAt: number }>()
  for (const [eventId, sentAt] of sent.sentAt)
    for (const { path, endpointId } of targets[sent.sentTo.get(eventId) ?? 0] ?? [])
      expected.set(keyOf(path, eventId), { eventId, endpointId, sentAt })
  const task = { op: 'take' as const, keys: [...expected.keys()], withinMs: ARRIVE_WITHIN_MS }
  const { at, missing, duplicates, digests } = await world.receiver.call(task)
  const lost = missing.flatMap((key) => expected.get(key) ?? [])
  return {
    count: at.size,
    elapsedMs: [...at.values()].reduce((last, time) => Math.max(last, time), sent.beganAt) - sent.beganAt,
    latenciesMs: [...at].map(([key, time]) => time - (expected.get(key)?.sentAt ?? time)),
    errors: sent.errors + lost.length + duplicates,
    sent,
    arrivedAt: at,
    digests,
    trouble: {
      ...failuresIn(sent),
      ...(server === 'ours' ? whereabouts(world, lost) : { missing: lost.length }),
      duplicates,
    },
  }
}

export function failuresIn({ failures }: LoadResult): Record<string, number> {
  return Object.fromEntries(Object.entries(failures).map(([answer, count]) => [`answered ${answer}`, count]))
}

/** For the report: only what happened. */
export function troubles(passes: readonly { trouble: Record<string, number> }[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const { trouble } of passes)
    for (const [what, count] of Object.entries(trouble)) if (count) total[what] = (total[what] ?? 0) + count
  return total
}
