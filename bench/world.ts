import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { managementOf, type Management } from '../src/local/management.ts'
import { spawnServer } from '../src/local/process.ts'
import type { Settings } from '../src/local/settings.ts'
import type { BareTask } from './bare.ts'
import { startChild, type Child } from './child.ts'
import { cpuMsOf, quiet } from './cpu.ts'
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
  /** A second generator, for a trickle beside a flood. */
  trickle: Child<LoadTask, LoadResult>
  receiver: Child<ReceiverTask, Arrivals>
  /** Processor time that all processes of a server have used so far. */
  cpuMs: Record<Server, () => number>
  /** Waits until both servers have done what they left for after their answers. */
  quiet(): Promise<void>
  close(): Promise<void>
}

export type Server = 'ours' | 'bare'

/** A new one for each scenario: what one leaves behind is no part of another's figures. */
export async function openWorld(settings: Partial<Settings> = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'hookway-bench-'))
  const remove = () => rmSync(dir, { recursive: true, force: true })
  process.once('exit', remove)
  const dataDir = join(dir, 'ours')
  const secret = randomBytes(24).toString('hex')
  const load = startChild<LoadTask, LoadResult>('load.ts')
  const trickle = startChild<LoadTask, LoadResult>('load.ts')
  const receiver = startChild<ReceiverTask, Arrivals>('receiver.ts')
  const bare = startChild<BareTask, string>('bare.ts')
  const { url: receiverUrl } = await receiver.call({ op: 'listen' })
  const bareUrl = await bare.call({ dataDir: join(dir, 'bare'), secret, receiver: receiverUrl })
  const server = await spawnServer({ ...settings, dataDir })
  return {
    secret,
    dataDir,
    api: managementOf(server),
    ingestUrl: ({ url }) => server.url + new URL(url, server.url).pathname,
    bareUrl,
    receiverUrl,
    load,
    trickle,
    receiver,
    cpuMs: { ours: () => cpuMsOf(server.pid), bare: () => cpuMsOf(bare.pid) },
    async quiet() {
      await quiet(server.pid)
      await quiet(bare.pid)
    },
    async close() {
      server.kill('SIGTERM')
      await Promise.all([server.exited, load.stop(), trickle.stop(), receiver.stop(), bare.stop()])
      process.off('exit', remove)
      remove()
    },
  }
}
