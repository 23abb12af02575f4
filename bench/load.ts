import { serveTasks } from './child.ts'
import { Connection } from './connection.ts'
import { now, signedRequest } from './event.ts'

export interface LoadTask {
  url: string
  /** Sent to in turns, instead of the one; all on the same server. */
  urls?: string[]
  secret: string
  connections: number
  seconds: number
  /** Sends at this rate whatever comes back; without it every connection sends as soon as it was answered. */
  ratePerSecond?: number
}

export interface LoadResult {
  acknowledged: number
  errors: number
  elapsedMs: number
  latenciesMs: number[]
  /** When each acknowledged event was sent, by id. */
  sentAt: Map<string, number>
}

type Send = (connection: Connection, due?: number) => Promise<void>

/** Signed ahead, so that signing does not compete with the server for the processor. */
const AHEAD_PER_SECOND = 3_000
/** A server that answers nothing but errors would otherwise be asked a hundred thousand times a second. */
const AFTER_ERROR_MS = 50

serveTasks(async (task: LoadTask): Promise<LoadResult> => {
  const url = new URL(task.url)
  const urls = (task.urls ?? [task.url]).map((each) => new URL(each))
  let turn = 0
  const make = () => signedRequest({ url: urls[turn++ % urls.length] ?? url, secret: task.secret })
  const ahead = Array.from({ length: task.seconds * (task.ratePerSecond ?? AHEAD_PER_SECOND) }, make)
  const connections = Array.from({ length: task.connections }, () => new Connection(url))
  const result: LoadResult = { acknowledged: 0, errors: 0, elapsedMs: 0, latenciesMs: [], sentAt: new Map() }
  const begin = now()
  const drive = task.ratePerSecond === undefined ? closedLoop : openLoop
  await drive(task, connections, async (connection, due) => {
    const request = ahead.pop() ?? make()
    const sentAt = due ?? now()
    const status = await connection.send(request.bytes)
    if (status < 200 || status > 299) {
      result.errors++
      return sleep(AFTER_ERROR_MS)
    }
    result.acknowledged++
    result.latenciesMs.push(now() - sentAt)
    result.sentAt.set(request.id, sentAt)
  })
  result.elapsedMs = now() - begin
  for (const connection of connections) connection.close()
  return result
})

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
