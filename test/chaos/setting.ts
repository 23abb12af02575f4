import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, type Child } from '../../bench/child.ts'
import { makeCaller, type Call } from '../support/api.ts'
import type { Arrival, LogRow, Origin, Path } from './evidence.ts'
import type { ReceiverTask } from './receiver.ts'
import { ROUTES } from './routes.ts'
import type { SenderReport, SenderTask } from './sender.ts'
import { Victim } from './victim.ts'

export interface SetUp {
  paths: Path[]
  /** Where events of an origin are posted to. */
  urls: Record<Origin, string>
  pausable: string[]
}

/** The server, those who send to it and those who receive from it, each a process of its own. */
export class Setting {
  readonly victim: Victim
  readonly call: Call
  readonly sender: Child<SenderTask, SenderReport | number>
  readonly #dir: string
  readonly #seed: number
  #receivers: { file: string; port: number; process: Child<ReceiverTask, number> }[] = []
  #restarts = 0

  constructor(dir: string, seed: number) {
    this.#dir = dir
    this.#seed = seed
    this.victim = new Victim(join(dir, 'server'))
    this.call = makeCaller(
      () => this.victim.url,
      () => this.victim.rootToken,
    )
    this.sender = startChild(new URL('sender.ts', import.meta.url).href)
  }

  /** Starts everything and makes the sources, endpoints and subscriptions. */
  async setUp(secret: string): Promise<SetUp> {
    this.#receivers = [await this.#startReceiver('steadfast'), await this.#startReceiver('restarted')]
    await this.victim.start()
    const source = (settings: Record<string, unknown>) =>
      this.call<{ id: string }>('POST', '/sources', { provider: 'github', secrets: [secret], ...settings })
    const ids: Partial<Record<Origin, string>> = {
      ordered: (await source({ name: 'ordered', ordering: true, orderingKey: '/key' })).id,
      regional: (await source({ name: 'regional' })).id,
      broadcast: (await source({ name: 'broadcast' })).id,
    }
    const made = await Promise.all(ROUTES.map((route) => this.#makeRoute(route, ids)))
    const { url } = this.victim
    return {
      paths: made.map(({ path }) => path),
      pausable: made.flatMap(({ endpointId }, at) => (ROUTES[at]?.isPaused ? [endpointId] : [])),
      urls: {
        ordered: `${url}/in/${ids.ordered}`,
        regional: `${url}/in/${ids.regional}`,
        broadcast: `${url}/in/${ids.broadcast}`,
        published: `${url}/v1/events`,
        keyed: `${url}/v1/events`,
      },
    }
  }

  /** Kills the second receiver in the middle of what it does. */
  async loseReceiver(): Promise<void> {
    await this.#receivers[1]?.process.call({ op: 'die' }).catch(() => undefined)
  }

  async returnReceiver(): Promise<void> {
    const [, lost] = this.#receivers
    if (lost) this.#receivers[1] = await this.#startReceiver('restarted', lost.port)
  }

  arrivals(): Arrival[] {
    return this.#receivers.flatMap(({ file }) => linesOf<Arrival>(readFileSync(file, 'utf8')))
  }

  rows(): Promise<LogRow[]> {
    return this.#list('/deliveries')
  }

  /** Without those that the relay publishes itself. */
  async events(): Promise<{ id: string; ref: string }[]> {
    const events = await this.#list<{ id: string; type: string; providerEventId: string | null }>('/events')
    return events
      .filter(({ type }) => !type.startsWith('hookway.'))
      .map(({ id, providerEventId }) => ({ id, ref: providerEventId ?? '' }))
  }

  async close(): Promise<void> {
    await this.victim.stop()
    await Promise.all([this.sender.stop(), ...this.#receivers.map(({ process }) => process.stop())])
  }

  async #makeRoute(
    route: (typeof ROUTES)[number],
    ids: Partial<Record<Origin, string>>,
  ): Promise<{ path: Path; endpointId: string }> {
    const { name, origins, kinds, order, ends, mood } = route
    const receiver = this.#receivers[route.isRestarted ? 1 : 0]
    const { id: endpointId } = await this.call<{ id: string }>('POST', '/endpoints', {
      name,
      url: `http://127.0.0.1:${receiver?.port}/${mood}/${name}`,
      ...route.endpoint,
    })
    const { id: subscriptionId } = await this.call<{ id: string }>('POST', '/subscriptions', {
      endpointId,
      sourceIds: origins.flatMap((origin) => ids[origin] ?? []),
      ...route.subscription,
    })
    return { endpointId, path: { name, subscriptionId, origins, kinds, order, ends } }
  }

  async #startReceiver(name: string, port = 0) {
    const file = join(this.#dir, `${name}.jsonl`)
    const child = startChild<ReceiverTask, number>(new URL('receiver.ts', import.meta.url).href)
    const seed = this.#seed + ++this.#restarts
    return { file, process: child, port: await child.call({ op: 'listen', port, file, seed }) }
  }

  /** A whole list, as lines. */
  async #list<T>(path: string): Promise<T[]> {
    const all: T[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const response: Response = await fetch(`${this.victim.url}/v1${path}?limit=250${cursor}`, {
        headers: { authorization: `Bearer ${this.victim.rootToken}`, accept: 'application/x-ndjson' },
      })
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
      const lines = linesOf<T & { next?: string }>(await response.text())
      const next: string | undefined = lines.at(-1)?.next
      if (next !== undefined) lines.pop()
      all.push(...lines)
      cursor = next === undefined ? undefined : `&cursor=${encodeURIComponent(next)}`
    }
    return all
  }
}

/** The last line of a process that was killed may be half of one. */
function linesOf<T>(text: string): T[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as T]
    } catch {
      return []
    }
  })
}
