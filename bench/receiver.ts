import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveTasks } from './child.ts'
import { digestOf, idIn, now } from './event.ts'

/** `take` waits for the given arrivals, then hands over those and forgets them; what else came stays. */
export type ReceiverTask = { op: 'listen' } | { op: 'take'; keys: string[]; withinMs: number }

export interface Arrivals {
  url: string
  /** When each event was first taken, by `keyOf`. */
  at: Map<string, number>
  missing: string[]
  /** Since the last `take`. */
  duplicates: number
  /** Requests that came before an earlier one of their key had been taken. */
  overtakings: number
  /** Of the bodies under `/digest`. */
  digests: Map<string, string>
}

/** What an arrival is known by: under the path `/` the event's id, else path and id. */
export function keyOf(path: string, id: string): string {
  return path === '/' ? id : `${path} ${id}`
}

/** Nothing that is waited for has come for so long that nothing more will: longer than a first retry takes. */
const SILENCE_MS = 20_000
/** Of the requests under `/flaky` that are refused. */
const FLAKY_SHARE = 0.05
/** Until a request under `/slow` is answered. */
const SLOW_MS = 300

const at: Arrivals['at'] = new Map()
const digests: Arrivals['digests'] = new Map()
/** Handed over before: a repeat of these is a duplicate as well. */
const handedOver = new Set<string>()
/** The number of the last event taken, by path and key. */
const taken = new Map<string, number>()
let waiting = new Set<string>()
let duplicates = 0
let overtakings = 0
let last = 0

const server = createServer((request, response) => void answer(request, response))
// A sender that keeps its connections should find them open.
server.keepAliveTimeout = 600_000
server.requestTimeout = 0

serveTasks(async (task: ReceiverTask): Promise<Arrivals> => {
  if (task.op === 'listen') await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  else await arrivals(task.keys, task.withinMs)
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
  return { url, ...handOver(task.op === 'take' ? task.keys : []) }
})

/** What a path stands for: `/hang` is never answered, `/slow` after a while, `/fail` always with 500, `/flaky` now and then. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/'
  const body = await read(request).catch(() => undefined)
  if (body === undefined || path.startsWith('/hang')) return
  const isRefused = path.startsWith('/fail') || (path.startsWith('/flaky') && Math.random() < FLAKY_SHARE)
  const time = now()
  if (path.startsWith('/flaky')) watchOrder(path, body, isRefused)
  if (path.startsWith('/slow')) await sleep(SLOW_MS)
  response.statusCode = isRefused ? 500 : 200
  response.end('ok')
  if (isRefused) return
  const key = keyOf(path, idIn(body))
  if (at.has(key) || handedOver.has(key)) duplicates++
  else at.set(key, time)
  if (path.startsWith('/digest')) digests.set(key, digestOf(body))
  if (waiting.delete(key)) last = time
}

function watchOrder(path: string, body: Buffer, isRefused: boolean): void {
  const [, key = '', number = ''] = /"key":"(\w+)","number":(\d+)/.exec(body.toString('latin1')) ?? []
  const before = taken.get(`${path} ${key}`) ?? 0
  if (Number(number) > before + 1) overtakings++
  if (!isRefused) taken.set(`${path} ${key}`, Math.max(before, Number(number)))
}

async function arrivals(keys: string[], withinMs: number): Promise<void> {
  waiting = new Set(keys.filter((key) => !at.has(key)))
  const begin = now()
  last = begin
  while (waiting.size && now() - begin < withinMs && now() - last < SILENCE_MS) {
    await new Promise((next) => setTimeout(next, 20))
  }
}

function handOver(keys: string[]): Omit<Arrivals, 'url'> {
  const result = {
    at: picked(at, keys),
    missing: [...waiting],
    duplicates,
    overtakings,
    digests: picked(digests, keys),
  }
  for (const key of result.at.keys()) handedOver.add(key)
  waiting = new Set()
  duplicates = 0
  overtakings = 0
  return result
}

function picked<Value>(from: Map<string, Value>, keys: string[]): Map<string, Value> {
  const found = new Map<string, Value>()
  for (const key of keys) {
    const value = from.get(key)
    if (value !== undefined) found.set(key, value)
    from.delete(key)
  }
  return found
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
