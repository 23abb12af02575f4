import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { managementOf, type Management } from '../src/local/management.ts'
import { spawnServer } from '../src/local/process.ts'
import type { BareTask } from './bare.ts'
import { startChild, type Child } from './child.ts'
import type { LoadResult, LoadTask } from './load.ts'
import type { Arrivals, ReceiverTask } from './receiver.ts'

/** Everything a scenario measures, each in a process of its own and all alive throughout. */
export interface World {
  secret: string
  /** Where our server keeps its state. */
  dataDir: string
  api: Management
  /** Where our server takes a source's webhooks. */
  ingestUrl(source: { url: string }): string
  bareUrl: string
  receiverUrl: string
  load: Child<LoadTask, LoadResult>
  receiver: Child<ReceiverTask, Arrivals>
  /** Waits until our runtime has done what it left for after its answers; says how long that took. */
  quiet(): Promise<number>
  close(): Promise<void>
}

const QUIET_WITHIN_MS = 20_000
const QUIET_STEP_MS = 200
/** Clock ticks of 10 ms in one step that still count as idle. */
const QUIET_TICKS = 1

export async function openWorld(): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'hookway-bench-'))
  const secret = randomBytes(24).toString('hex')
  const load = startChild<LoadTask, LoadResult>('load.ts')
  const receiver = startChild<ReceiverTask, Arrivals>('receiver.ts')
  const bare = startChild<BareTask, string>('bare.ts')
  const { url: receiverUrl } = await receiver.call({ op: 'listen' })
  const bareUrl = await bare.call({ dataDir: join(dir, 'bare'), secret, receiver: receiverUrl })
  const server = await spawnServer({ dataDir: join(dir, 'ours') })
  return {
    secret,
    dataDir: join(dir, 'ours'),
    api: managementOf(server),
    ingestUrl: ({ url }) => server.url + new URL(url, server.url).pathname,
    bareUrl,
    receiverUrl,
    load,
    receiver,
    quiet: () => quiet(join(dir, 'ours', 'runtime.pid')),
    async close() {
      server.kill('SIGTERM')
      await Promise.all([server.exited, load.stop(), receiver.stop(), bare.stop()])
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function quiet(pidFile: string): Promise<number> {
  const stat = `/proc/${readFileSync(pidFile, 'utf8').trim()}/stat`
  if (!existsSync(stat)) return sleep(2_000, 2_000) // not Linux: a guess
  const begin = Date.now()
  for (let before = ticks(stat); Date.now() - begin < QUIET_WITHIN_MS;) {
    await sleep(QUIET_STEP_MS)
    const after = ticks(stat)
    if (after - before <= QUIET_TICKS) break
    before = after
  }
  return Date.now() - begin - QUIET_STEP_MS
}

/** Processor time used so far, user and system: fields 14 and 15, counted behind the name in parentheses. */
function ticks(stat: string): number {
  const text = readFileSync(stat, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
