import { serveTasks } from './child.ts'
import { Connection } from './connection.ts'
import { now, signedRequest, type SignedRequest } from './event.ts'

export interface LoadTask {
  url: string
  /** Sent to in turns, instead of the one; all on the same server. */
  urls?: string[]
  /** GitHub's name of the event, in turns; together with the URLs, which are then as many or one. */
  kinds?: string[]
  secret: string
  connections: number
  seconds: number
  /** Sends at this rate whatever comes back; without it every connection sends as soon as it was answered. */
  ratePerSecond?: number
  bodyBytes?: number
  /** Keeps a digest of each acknowledged body. */
  isDigested?: boolean
}

export interface LoadResult {
  acknowledged: number
  errors: number
  /** Errors by status, or by how the connection broke. */
  failures: Record<string, number>
  beganAt: number
  elapsedMs: number
  latenciesMs: number[]
  /** When each acknowledged event was sent, by id. */
  sentAt: Map<string, number>
  /** Which of several URLs or kinds each acknowledged event went to. */
  sentTo: Map<string, number>
  digests: Map<string, string>
}

type Send = (connection: Connection, due?: number) => Promise<void>

/** Signed ahead, so that signing does not compete with the server for the processor. */
const AHEAD_PER_SECOND = 4_000
const AHEAD_BYTES_MAX = 100_000_000
/** A server that answers nothing but errors would otherwise be asked a hundred thousand times a second. */
const AFTER_ERROR_MS = 50

serveTasks(async (task: LoadTask): Promise<LoadResult> => {
  const url = new URL(task.url)
  const make = maker(task, url)
  const ahead = Array.from({ length: aheadOf(task) }, make)
  const connections = Array.from({ length: task.connections }, () => new Connection(url))
  const result = nothing()
  const drive = task.ratePerSecond === undefined ? closedLoop : openLoop
  result.beganAt = now()
  await drive(task, connections, async (connection, due) => {
    const request = ahead.pop() ?? make()
    const sentAt = due ?? now()
    const answer = await connection.send(request.bytes)
    if (typeof answer === 'string' || answer < 200 || answer > 299) {
      result.errors++
      result.failures[answer] = (result.failures[answer] ?? 0) + 1
      return sleep(AFTER_ERROR_MS)
    }
    result.acknowledged++
    result.latenciesMs.push(now() - sentAt)
    result.sentAt.set(request.id, sentAt)
    if (task.urls || task.kinds) result.sentTo.set(request.id, request.to)
    if (task.isDigested) result.digests.set(request.id, request.digest())
  })
  result.elapsedMs = now() - result.beganAt
  for (const connection of connections) connection.close()
  return result
})

function maker(
  { secret, bodyBytes, kinds, ...task }: LoadTask,
  url: URL,
): () => SignedRequest & { to: number } {
  const urls = (task.urls ?? [task.url]).map((each) => new URL(each))
  let turn = 0
  return () => {
    const to = turn++ % Math.max(urls.length, kinds?.length ?? 1)
    const kind = kinds?.[to]
    const request = { url: urls[to] ?? url, secret, ...(kind && { kind }), ...(bodyBytes && { bodyBytes }) }
    return { ...signedRequest(request), to }
  }
}

function aheadOf({ seconds, ratePerSecond = AHEAD_PER_SECOND, bodyBytes = 1_500 }: LoadTask): number {
  return Math.min(seconds * ratePerSecond, Math.floor(AHEAD_BYTES_MAX / bodyBytes))
}

function nothing(): LoadResult {
  return {
    acknowledged: 0,
    errors: 0,
    failures: {},
    beganAt: 0,
    elapsedMs: 0,
    latenciesMs: [],
    sentAt: new Map(),
    sentTo: new Map(),
    digests: new Map(),
  }
}

async function closedLoop({ seconds }: LoadTask, connections: Connection[], send: Send): Promise<void> {
  const end = now() + seconds * 1000
  await Promise.all(
    connections.map(async (connection) => {
      while (now() < end) await send(connection)
    }),
  )
}

/** A request's time counts from when it was due, also when no connection was free: waiting is part of the answer. */
async function openLoop(task: LoadTask, connections: Connection[], send: Send): Promise<void> {
  const { seconds, ratePerSecond = 1 } = task
  const begin = now()
  let next = 0
  await Promise.all(
    connections.map(async (connection) => {
      while (next < seconds * ratePerSecond) {
        const due = begin + (next++ * 1000) / ratePerSecond
        if (due > now()) await sleep(due - now())
        await send(connection, due)
      }
    }),
  )
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
