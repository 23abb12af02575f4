import { rmSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { spawnServer, type ServerProcess } from '../../src/local/process.ts'
import { listAll, makeCaller } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { newDataDir } from '../support/relay.ts'

const EVENTS = 120
const KILLS = 3

interface Message {
  id: string
  attempt: number
  headers: Record<string, string>
  body: string
}
interface Page {
  data: Message[]
  next: string | null
}
interface Endpoint {
  id: string
  secret: string
}

const dataDir = newDataDir()
let server: ServerProcess | undefined
let port = 0

const call = makeCaller(
  () => server?.url ?? '',
  () => server?.rootToken ?? '',
)

async function start(): Promise<void> {
  server = await spawnServer({ dataDir, port })
  port = Number(new URL(server.url).port)
}

async function killAndRestart(): Promise<void> {
  server?.kill('SIGKILL')
  await server?.exited
  await start()
}

beforeAll(start, 60_000)
afterAll(async () => {
  server?.kill('SIGTERM')
  await server?.exited
  rmSync(dataDir, { recursive: true, force: true })
})

function pullEndpoint(type: string, settings: Record<string, unknown> = {}): Promise<Endpoint> {
  const retry = { scheduleSeconds: [0, ...Array.from({ length: 20 }, () => 1)] }
  return call('POST', '/endpoints', { mode: 'pull', eventTypes: [type], retry, ...settings })
}

const fetchPage = ({ id }: Endpoint, query = '') =>
  call<Page>('GET', `/endpoints/${id}/messages?waitSeconds=2&limit=10&visibilitySeconds=5${query}`)

/** What the consumer read, verified as a receiver would verify it. */
function dataOf({ secret }: Endpoint, { body, headers }: Message): number {
  const { data } = new Webhook(secret).verify(body, headers) as { data: { n: number } }
  return data.n
}

it(
  'a consumer with a cursor gets every event in its order, through kills of the server',
  { timeout: 180_000 },
  async () => {
    const endpoint = await pullEndpoint('pull.cursor', { ordering: 'endpoint' })
    const events = Array.from({ length: EVENTS / 4 }, (_, n) => ({ type: 'pull.cursor', data: { n } }))
    await call('POST', '/events/batch', events)
    const seen: { n: number; id: string; attempt: number }[] = []
    const killAt = new Set([5, 12, 20])
    for (
      let next: string | null = null;
      new Set(seen.map(({ n }) => n)).size < events.length || next !== null;
    ) {
      const page: Page = await fetchPage(endpoint, next === null ? '' : `&cursor=${next}`)
      for (const message of page.data) {
        const { id, attempt } = message
        seen.push({ n: dataOf(endpoint, message), id, attempt })
      }
      next = page.next
      if (killAt.delete(seen.length)) await killAndRestart()
    }
    expect(seen.map(({ n }) => n)).toEqual(events.map(({ data }) => data.n))
    expect(seen.every(({ attempt }) => attempt === 1)).toBe(true)
    await untilDelivered(endpoint, events.length)
  },
)

it(
  'two consumers share what is published meanwhile, and what one of them forgets comes again, through kills',
  { timeout: 180_000 },
  async () => {
    const endpoint = await pullEndpoint('pull.shared')
    const acknowledged = new Set<number>()
    const forgotten = new Set<number>()
    let restarted: Promise<void> = Promise.resolve()
    let kills = 0
    let isOver = false
    const publish = async () => {
      for (let n = 0; n < EVENTS; n++) {
        const event = { id: `n-${n}`, type: 'pull.shared', data: { n } }
        // A publisher that got no answer sends the event again under the same id.
        while ((await answered(() => call('POST', '/events', event))) === undefined) await restarted
      }
    }
    const killSome = async () => {
      if (kills === KILLS || acknowledged.size <= ((kills + 1) * EVENTS) / (KILLS + 2)) return
      kills++
      restarted = killAndRestart()
      await restarted
    }
    const consume = async (isForgetful: boolean) => {
      while (!isOver) {
        const page = await answered(() => fetchPage(endpoint))
        const messages = (page?.data ?? []).map((message) => ({ ...message, n: dataOf(endpoint, message) }))
        const again = messages.filter(({ n }) => acknowledged.has(n))
        expect(again, 'what was acknowledged comes again').toEqual([])
        const kept = messages.filter(({ n, attempt }) => !isForgetful || attempt > 1 || n % 5 > 0)
        for (const each of messages) if (!kept.includes(each)) forgotten.add(each.n)
        if (kept.length > 0) {
          const path = `/endpoints/${endpoint.id}/messages/acknowledgements`
          const body = { ids: kept.map(({ id }) => id) }
          // Without an answer it may hold or not: what does not comes again.
          const done = await answered(() => call<{ ids: string[] }>('POST', path, body))
          for (const { id, n } of kept) if (done?.ids.includes(id)) acknowledged.add(n)
        }
        await killSome()
        await restarted
      }
    }
    const consumers = [consume(true), consume(false)]
    await publish()
    await untilDelivered(endpoint, EVENTS)
    isOver = true
    await Promise.all(consumers)
    expect(kills).toBe(KILLS)
    expect(forgotten.size).toBeGreaterThan(0)
  },
)

/** Undefined: the server died before it answered. */
async function answered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  return await ask().catch((error: unknown) => {
    // `fetch` throws it when a connection fails.
    if (error instanceof TypeError) return undefined
    throw error
  })
}

/** Each delivery is in the log once, with every lease of it as an attempt. */
async function untilDelivered({ id }: Endpoint, count: number): Promise<void> {
  const rows = await eventually(
    async () => {
      const all = await answered(() =>
        listAll<{ id: string; status: string; attempts: number }>(call, `/deliveries?endpointId=${id}`),
      )
      return all && all.filter(({ status }) => status === 'delivered').length >= count ? all : undefined
    },
    { withinMs: 60_000, what: () => `the log holds ${count} delivered rows` },
  )
  expect(rows).toHaveLength(count)
  const repeated = rows.filter(({ attempts }) => attempts > 1)
  for (const row of repeated.slice(0, 5)) {
    const { attemptLog } = await call<{ attemptLog: { number: number; result: string }[] }>(
      'GET',
      `/deliveries/${row.id}`,
    )
    expect(attemptLog.map(({ number }) => number)).toEqual(
      Array.from({ length: row.attempts }, (_, at) => at + 1),
    )
    expect(attemptLog.at(-1)?.result).toBe('delivered')
  }
}
