import { createHmac } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { spawnServer, type ServerProcess } from '../../src/local/process.ts'
import { listAll, makeCaller } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { startReceiver, type Receiver } from '../support/receiver.ts'

const SENDERS = 8
const EVENTS_EACH = 250
const KILLS = 3
const SECRET = 'a secret between GitHub and us'

interface Sent {
  sender: number
  number: number
}

/** The server under attack: killed and started again on the same data directory, while senders go on. */
class Victim {
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'hookway-kill-'))
  server: ServerProcess | undefined
  #starting: Promise<void> = Promise.resolve()
  port = 0

  start(): Promise<void> {
    this.#starting = spawnServer({ dataDir: this.#dataDir, port: this.port }).then((server) => {
      this.server = server
      this.port = Number(new URL(server.url).port)
    })
    return this.#starting
  }

  async killAndRestart(): Promise<void> {
    const { server } = this
    const up = Promise.withResolvers<void>()
    this.#starting = up.promise
    server?.kill('SIGKILL')
    await server?.exited
    await this.start()
    up.resolve()
  }

  get url(): string {
    return this.server?.url ?? ''
  }

  untilUp(): Promise<void> {
    return this.#starting
  }
}

const victim = new Victim()
const receivers: Receiver[] = []

afterAll(async () => {
  victim.server?.kill('SIGTERM')
  await victim.server?.exited
  await Promise.all(receivers.map((receiver) => receiver.close()))
})

it(
  'loses nothing, keeps the order and logs each delivery once, through three kills',
  { timeout: 180_000 },
  async () => {
    await victim.start()
    const call = makeCaller(
      () => victim.url,
      () => victim.server?.rootToken ?? '',
    )
    const [ordered, unordered] = [await startReceiver(), await startReceiver()]
    receivers.push(ordered, unordered)
    const source = await call<{ id: string }>('POST', '/sources', {
      name: 's',
      provider: 'github',
      secrets: [SECRET],
      ordering: true,
    })
    const endpoint = {
      eventTypes: ['*'],
      sourceIds: [source.id],
      retry: { scheduleSeconds: [0, 1, 1, 1, 1, 1, 1, 1] },
    }
    await call('POST', '/endpoints', { ...endpoint, name: 'a', url: ordered.url, ordering: 'endpoint' })
    await call('POST', '/endpoints', { ...endpoint, name: 'b', url: unordered.url })

    const acknowledged: Sent[] = []
    const killAt = Array.from({ length: KILLS }, (_, at) =>
      Math.floor(((at + Math.random()) / KILLS) * SENDERS * EVENTS_EACH),
    )
    const send = async (sender: number) => {
      for (let number = 0; number < EVENTS_EACH; number++) {
        while (!(await sendOnce(source.id, { sender, number }))) await victim.untilUp()
        acknowledged.push({ sender, number })
        if (acknowledged.length >= (killAt[0] ?? Infinity)) {
          killAt.shift()
          await victim.killAndRestart()
        }
      }
    }
    await Promise.all(Array.from({ length: SENDERS }, (_, sender) => send(sender)))

    for (const receiver of [ordered, unordered]) {
      await eventually(() => (firstSeen(receiver).length === acknowledged.length ? true : undefined), {
        withinMs: 60_000,
        what: () => `${firstSeen(receiver).length} of ${acknowledged.length} events arrived`,
      })
    }
    for (let sender = 0; sender < SENDERS; sender++) {
      const numbers = firstSeen(ordered)
        .filter((each) => each.sender === sender)
        .map((each) => each.number)
      expect(numbers, `the order of sender ${sender}`).toEqual(numbers.toSorted((a, b) => a - b))
    }
    for (const receiver of [ordered, unordered]) {
      const ids = new Map<string, Set<string>>()
      for (const { body, headers } of receiver.received) {
        ids.set(body.toString(), (ids.get(body.toString()) ?? new Set()).add(String(headers['webhook-id'])))
      }
      expect(
        [...ids.values()].every(({ size }) => size === 1),
        'repeats carry the same webhook-id',
      ).toBe(true)
    }
    const deliveries = await eventually(
      async () => {
        const all = await listAll<{ id: string; eventId: string; subscriptionId: string; status: string }>(
          call,
          '/deliveries',
        )
        return all.filter(({ status }) => status === 'delivered').length >= 2 * acknowledged.length
          ? all
          : undefined
      },
      { withinMs: 60_000, what: () => 'the log holds a delivered row for each event and subscription' },
    )
    expect(deliveries).toHaveLength(2 * acknowledged.length)
    expect(new Set(deliveries.map((each) => `${each.eventId} ${each.subscriptionId}`)).size).toBe(
      2 * acknowledged.length,
    )
  },
)

/** True when the event was acknowledged. A sender that got no answer sends the same event again, as GitHub's redelivery does. */
async function sendOnce(sourceId: string, sent: Sent): Promise<boolean> {
  const body = JSON.stringify(sent)
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  try {
    const response = await fetch(`${victim.url}/in/${sourceId}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': `${sent.sender}-${sent.number}`,
        'x-hub-signature-256': `sha256=${signature}`,
      },
      body,
    })
    await response.arrayBuffer()
    return response.status === 200
  } catch {
    return false
  }
}

/** The events that a receiver got, each at its first arrival. */
function firstSeen(receiver: Receiver): Sent[] {
  const seen = new Map<string, Sent>()
  for (const { body } of receiver.received) {
    const text = body.toString()
    if (!seen.has(text)) seen.set(text, JSON.parse(text) as Sent)
  }
  return [...seen.values()]
}
