import { env } from 'cloudflare:workers'
import { beforeAll, expect, it, vi } from 'vitest'
import { DELIVERIES } from '../../src/db/log-rows.ts'
import { alarmOf, fireAlarm, RelayWorld } from './relay-world.ts'
import { spyOnBill, untilAsleep, type SpiedBill } from './spied-bill.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

interface Run {
  events: number
  bill: SpiedBill
  /** Alarms that fired. */
  fired: { intake: number; endpoint: number }
}

/** Publishes the events in waves that arrive together, delivers and logs them all, and lets everything fall asleep. */
async function run(endpoint: Metered, waves: number, each: number): Promise<Run> {
  return await measure(endpoint, waves * each, async () => {
    for (let wave = 0; wave < waves; wave++) {
      await Promise.all(Array.from({ length: each }, (_, n) => world.publish(endpoint.type, { wave, n })))
    }
    return { intake: 0, endpoint: 0 }
  })
}

/** An event each second, with the alarms that come due meanwhile. */
async function trickle(endpoint: Metered, seconds: number, eventsEach = 1): Promise<Run> {
  const before = world.at(endpoint).length
  return await measure({ ...endpoint, eventsEach }, seconds, async () => {
    const fired = { intake: 0, endpoint: 0 }
    for (let second = 1; second <= seconds; second++) {
      await world.publish(endpoint.type, { second })
      await world.untilArrived(endpoint, before + Math.floor(second / eventsEach))
      world.now += 1_000
      for (const [name, stub] of [
        ['intake', world.intake] as const,
        ['endpoint', endpoint.object] as const,
      ]) {
        const at = await alarmOf(stub)
        if (at !== null && at <= world.now && (await fireAlarm(world, stub))) fired[name]++
      }
    }
    return fired
  })
}

/** `eventsEach`: in a request. */
async function measure(
  endpoint: Metered & { eventsEach?: number },
  events: number,
  send: () => Promise<Run['fired']>,
): Promise<Run> {
  const before = world.at(endpoint).length
  const delivered = (await deliveredTo(endpoint)) ?? 0
  const bill = await spyOnBill(world, endpoint)
  const during = await send()
  await world.untilArrived(endpoint, before + events / (endpoint.eventsEach ?? 1))
  const after = await untilAsleep(world, endpoint)
  await vi.waitFor(async () => expect(await deliveredTo(endpoint)).toBe(delivered + events), 20_000)
  const fired = {
    intake: during.intake + after.intake,
    endpoint: during.endpoint + after.endpoint,
  }
  return { events, bill: await bill(), fired }
}

type Metered = Awaited<ReturnType<RelayWorld['endpoint']>> & { type: string }

/** An endpoint that has had its first event, which makes tables and fetches settings, once in the life of an object. */
async function meteredEndpoint(type: string): Promise<Metered> {
  const endpoint = { type, ...(await world.endpoint(type)) }
  await run(endpoint, 1, 1)
  world.now += 60_000
  return endpoint
}

const deliveredTo = ({ id }: { id: string }) =>
  env.LOG_DB.prepare(`SELECT count(*) AS n FROM ${DELIVERIES} WHERE status = 'delivered' AND endpoint_id = ?`)
    .bind(id)
    .first<number>('n')

/** Dollars a million events: platform prices beyond the allowances, one request in, one log batch a message. */
function dollars({ events, bill, fired }: Run): number {
  const { intake, endpoint, d1, messages, calls } = bill
  const rows = intake.rows + intake.alarms + endpoint.rows + endpoint.alarms + d1
  const objectRequests = calls.intake + calls.endpoint + fired.intake + fired.endpoint
  return (rows * 1 + messages * 3 * 0.4 + (events + messages) * 0.3 + objectRequests * 0.15) / events
}

function print(name: string, made: Run): void {
  const { bill, fired } = made
  // oxlint-disable-next-line no-console -- docs/storage.md quotes it
  console.log(`${name}: ${JSON.stringify({ ...bill, fired })}, $${dollars(made).toFixed(2)} a million`)
}

/** Two rows of counters stand in D1 for each batch of the log and hour. */
const COUNTERS = 2

it('a sparse event costs what docs/storage.md says', async () => {
  const made = await run(await meteredEndpoint('sparse'), 1, 1)
  print('sparse', made)
  const { bill, fired } = made
  expect(bill.intake.rows).toBeLessThanOrEqual(2)
  expect(bill.intake.alarms).toBeLessThanOrEqual(1)
  expect(bill.endpoint.rows).toBe(0)
  expect(bill.endpoint.alarms).toBeLessThanOrEqual(1)
  expect(bill.d1).toBeLessThanOrEqual(1 + COUNTERS)
  expect(bill.messages).toBe(0)
  // The second call to the intake says that the endpoint needs its copy no more.
  expect(bill.calls).toEqual({ intake: 2, endpoint: 1 })
  expect(fired.intake + fired.endpoint).toBeLessThanOrEqual(3)
})

it('an event of a trickle costs what docs/storage.md says', { timeout: 60_000 }, async () => {
  const endpoint = await meteredEndpoint('trickle')
  // The first few are logged at once, each by itself.
  await trickle(endpoint, 12)
  const made = await trickle(endpoint, 120)
  print('trickle', made)
  const { bill, events } = made
  expect(bill.intake.rows + bill.intake.alarms).toBeLessThanOrEqual(1.3 * events)
  expect(bill.endpoint.rows + bill.endpoint.alarms).toBeLessThanOrEqual(0.3 * events)
  // A message for ten events, and the few that an endpoint that slept may send at once.
  expect(bill.d1).toBeLessThanOrEqual(events + COUNTERS * (events / 10 + 8))
  expect(bill.messages).toBe(0)
})

it('a busy event costs what docs/storage.md says', { timeout: 60_000 }, async () => {
  const made = await run(await meteredEndpoint('busy'), 10, 100)
  print('busy', made)
  const { bill, events } = made
  expect(bill.intake.rows + bill.intake.alarms).toBeLessThanOrEqual(0.03 * events)
  expect(bill.endpoint.rows + bill.endpoint.alarms).toBeLessThanOrEqual(0.06 * events)
  expect(bill.d1).toBeLessThanOrEqual(1.05 * events)
  expect(bill.messages).toBe(0)
})

it('an event of a trickle in batches costs what docs/delivery.md says', { timeout: 60_000 }, async () => {
  const endpoint = await meteredEndpoint('batched')
  await world.call('PATCH', `/endpoints/${endpoint.id}`, { batch: { maxEvents: 30, maxSeconds: 60 } })
  await trickle(endpoint, 30, 30)
  const made = await trickle(endpoint, 120, 30)
  print('batched', made)
  const { bill, events } = made
  expect(bill.endpoint.rows + bill.endpoint.alarms).toBeLessThanOrEqual(1.2 * events)
  expect(bill.d1).toBeLessThanOrEqual(events + COUNTERS * (events / 30 + 1))
})
