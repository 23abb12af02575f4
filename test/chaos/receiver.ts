import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveTasks } from '../../bench/child.ts'
import { diceOf, type Dice } from '../support/random.ts'
import type { Arrival } from './evidence.ts'
import { MOODS, type Mood } from './routes.ts'

/** `die` is answered by nobody: the process is killed in the middle of what it does. */
export type ReceiverTask = { op: 'listen'; port: number; file: string; seed: number } | { op: 'die' }

const SHARES: Record<Mood, { status: number; share: number }> = {
  steady: { status: 200, share: 0 },
  flaky: { status: 500, share: 0.15 },
  hanging: { status: 0, share: 0.03 },
  refusing: { status: 422, share: 1 },
  failing: { status: 500, share: 1 },
}

let file = -1
let dice: Dice = diceOf(0)

const server = createServer((request, response) => void answer(request, response).catch(() => undefined))
server.keepAliveTimeout = 60_000

serveTasks(async (task: ReceiverTask): Promise<number> => {
  if (task.op === 'die') process.kill(process.pid, 'SIGKILL')
  else {
    file = openSync(task.file, 'a')
    dice = diceOf(task.seed)
    await new Promise<void>((done) => server.listen(task.port, '127.0.0.1', done))
  }
  return (server.address() as AddressInfo).port
})

/** Written down before it is answered: what was answered is known whatever becomes of this process. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const [, mood = '', route = ''] = (request.url ?? '').split('/')
  const { status: failure, share } = SHARES[MOODS.find((each) => each === mood) ?? 'steady']
  const status = dice.isHit(share) ? failure : 200
  const [, ref = ''] = /"ref":\s*"([^"]+)"/.exec(Buffer.concat(chunks).toString('latin1')) ?? []
  const webhookId = String(request.headers['webhook-id'])
  writeSync(file, `${JSON.stringify({ route, ref, webhookId, status } satisfies Arrival)}\n`)
  if (status === 0) return
  response.statusCode = status
  response.end('ok')
}
