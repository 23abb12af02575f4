import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { serveTasks } from './child.ts'
import { idIn, now } from './event.ts'

/** `take` waits for so many different arrivals, then hands over what came and forgets it. */
export type ReceiverTask = { op: 'listen' } | { op: 'take'; count: number; withinMs: number }

export interface Arrivals {
  url: string
  /** When each event was first taken, by id; under a path other than `/` by path and id. */
  at: Map<string, number>
  duplicates: number
  /** Requests that came before an earlier one of their key had been taken. */
  overtakings: number
}

/** Nothing has come for so long that nothing more will. */
const SILENCE_MS = 10_000
/** Of the requests under `/flaky` that are refused. */
const FLAKY_SHARE = 0.05

let at: Arrivals['at'] = new Map()
let duplicates = 0
let overtakings = 0
let last = 0
/** The number of the last event taken, by path and key. */
const taken = new Map<string, number>()

const server = createServer((request, response) => void answer(request, response))
// A sender that keeps its connections should find them open.
server.keepAliveTimeout = 60_000

serveTasks(async (task: ReceiverTask): Promise<Arrivals> => {
  if (task.op === 'listen') await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  else await arrivals(task.count, task.withinMs)
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
  const result = { at, duplicates, overtakings, url }
  at = new Map()
  duplicates = 0
  overtakings = 0
  return result
})

/** What a path stands for: `/hang` is never answered, `/fail` always with 500, `/flaky` now and then. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/'
  const body = await read(request)
  if (path.startsWith('/hang')) return
  const isRefused = path.startsWith('/fail') || (path.startsWith('/flaky') && Math.random() < FLAKY_SHARE)
  if (path.startsWith('/flaky')) watchOrder(path, body, isRefused)
  response.statusCode = isRefused ? 500 : 200
  response.end('ok')
  if (isRefused) return
  const id = path === '/' ? idIn(body) : `${path} ${idIn(body)}`
  if (at.has(id)) duplicates++
  else at.set(id, now())
  last = now()
}

function watchOrder(path: string, body: Buffer, isRefused: boolean): void {
  const [, key = '', number = ''] = /"key":"(\w+)","number":(\d+)/.exec(body.toString('latin1')) ?? []
  const before = taken.get(`${path} ${key}`) ?? 0
  if (Number(number) > before + 1) overtakings++
  if (!isRefused) taken.set(`${path} ${key}`, Math.max(before, Number(number)))
}

async function arrivals(count: number, withinMs: number): Promise<void> {
  const begin = now()
  last = begin
  while (at.size < count && now() - begin < withinMs && now() - last < SILENCE_MS) {
    await new Promise((next) => setTimeout(next, 20))
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
