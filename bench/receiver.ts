import { createServer, type IncomingMessage } from 'node:http'
import { serveTasks } from './child.ts'
import { idIn, now } from './event.ts'

/** `take` waits for so many different events, then hands over what came and forgets it. */
export type ReceiverTask = { op: 'listen' } | { op: 'take'; count: number; withinMs: number }

export interface Arrivals {
  url: string
  /** When each event came first, by id. */
  at: Map<string, number>
  duplicates: number
}

/** Nothing has come for so long that nothing more will. */
const SILENCE_MS = 5_000

let at: Arrivals['at'] = new Map()
let duplicates = 0
let last = 0

const server = createServer((request, response) => {
  void read(request).then((body) => {
    const id = idIn(body)
    if (at.has(id)) duplicates++
    else at.set(id, now())
    last = now()
    response.end('ok')
  })
})
// A sender that keeps its connections should find them open.
server.keepAliveTimeout = 60_000

serveTasks(async (task: ReceiverTask): Promise<Arrivals> => {
  if (task.op === 'listen') await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  else await arrivals(task.count, task.withinMs)
  const address = server.address()
  const taken = {
    at,
    duplicates,
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
  }
  at = new Map()
  duplicates = 0
  return taken
})

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
