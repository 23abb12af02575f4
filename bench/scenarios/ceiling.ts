import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Scenario } from '../scenario.ts'
import { inTurns, rowOf, type Sample } from '../stats.ts'
import type { World } from '../world.ts'

const CONNECTIONS = 64

interface Target {
  name: string
  measure(seconds: number): Promise<Sample>
}

/** What the measuring itself can do: figures near these would be the instruments' and not the servers'. */
export const ceiling: Scenario = {
  name: 'ceiling',
  about: 'the generator and the receiver without a server between them',
  async run(world, { seconds, rounds }) {
    const hello = `${world.bareUrl}/hello`
    const all: Target[] = [
      {
        name: 'generator straight to the receiver (node:http)',
        measure: (s) => load(world, world.receiverUrl, s),
      },
      { name: 'generator to a bare Worker: hello world', measure: (s) => load(world, hello, s) },
      { name: 'wrk, without bodies, to the same', measure: (s) => wrk(hello, s) },
    ]
    const targets = (await hasWrk()) ? all : all.slice(0, -1)
    for (const { measure } of targets) await measure(1)
    const samples = await inTurns(rounds, targets, async ({ measure }) => {
      await world.quiet()
      return measure(seconds)
    })
    const rows = targets.map(({ name }, at) => rowOf(name, samples[at] ?? []))
    return [{ title: `ceiling, ${CONNECTIONS} connections: the instruments alone`, rows }]
  },
}

async function load({ load, secret }: World, url: string, seconds: number): Promise<Sample> {
  const sent = await load.call({ url, secret, connections: CONNECTIONS, seconds })
  return { ...sent, count: sent.acknowledged }
}

const run = promisify(execFile)

/** Another's instrument, where it is installed, for the same figure. */
async function wrk(url: string, seconds: number): Promise<Sample> {
  const { stdout } = await run('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', url])
  const [, count = '', elapsed = ''] = /(\d+) requests in ([\d.]+)s/.exec(stdout) ?? []
  const [, status = '0'] = /Non-2xx[^:]*: (\d+)/.exec(stdout) ?? []
  const ms = (share: number) => {
    const [, value = '', unit = ''] = new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`).exec(stdout) ?? []
    return Number(value) * ({ us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN)
  }
  // It tells percentiles and not each time: a hundred that have the same ones.
  const latenciesMs = Array.from({ length: 100 }, (_, at) => (at < 99 ? ms(50) : ms(99)))
  return { count: Number(count), elapsedMs: Number(elapsed) * 1000, latenciesMs, errors: Number(status) }
}

async function hasWrk(): Promise<boolean> {
  // It ends with 1 after telling its version.
  return run('wrk', ['-v']).then(
    () => true,
    (error: { code?: unknown }) => error.code === 1,
  )
}
