import { env, exports } from 'cloudflare:workers'
import { beforeAll, expect, it, vi } from 'vitest'
import { DELIVERIES } from '../../src/db/log-rows.ts'
import { meteredDatabase } from '../../src/meter/database.ts'
import { billedHere } from '../../src/metering.ts'
import { billSince } from '../../src/model/bill.ts'
import { RelayWorld } from './relay-world.ts'
import { spyOnBill, untilAsleep } from './spied-bill.ts'

const RECEIVER_MS = 300
const EVENTS = 30

let world: RelayWorld
beforeAll(async () => {
  Object.assign(env, { HOOKWAY_METER: '1' })
  world = await RelayWorld.open()
})

it('the meter counts what spies on the real bindings see, and the time that the receiver takes', async () => {
  const endpoint = await world.endpoint('metered')
  await publishAndSleep(endpoint, 1)
  world.now += 60_000
  const spied = await spyOnBill(world, endpoint)
  const before = billedHere()
  world.answer = () => {
    world.now += RECEIVER_MS
    return new Response('ok')
  }
  const fired = await publishAndSleep(endpoint, EVENTS)
  const seen = await spied()
  const counted = Object.fromEntries(
    billSince(before, billedHere()).map(({ part, operation, count }) => [`${part}.${operation}`, count]),
  )
  expect(counted).toMatchObject({
    'intake.objectRowsWritten': seen.intake.rows,
    'intake.alarmsSet': seen.intake.alarms,
    'intake.objectCalls': seen.calls.intake,
    'intake.alarmsFired': fired.intake,
    'endpoint.objectRowsWritten': seen.endpoint.rows,
    'endpoint.alarmsSet': seen.endpoint.alarms,
    'endpoint.objectCalls': seen.calls.endpoint,
    'endpoint.alarmsFired': fired.endpoint,
    'log.d1RowsWritten': seen.d1,
    'worker.workerRequests': EVENTS,
  })
  // Written and deleted; whether it was read by now is the queue's affair.
  expect(counted['queue.queueOperations'] ?? 0).toBeGreaterThanOrEqual(2 * seen.messages)
  expect(counted['endpoint.activeMs']).toBeGreaterThanOrEqual(EVENTS * RECEIVER_MS)
  expect(counted['log.d1RowsRead']).toBeGreaterThanOrEqual(0)
})

it('a metered database answers as the database does, and says what each answer cost', async () => {
  const cost = { read: 0, written: 0 }
  const db = meteredDatabase(env.DB, ({ read, written }) => {
    cost.read += read
    cost.written += written
  })
  await db.prepare('CREATE TABLE spent (id INTEGER PRIMARY KEY, name TEXT)').run()
  cost.written = 0
  const insert = db.prepare('INSERT INTO spent (name) VALUES (?) RETURNING id, name')
  expect(await insert.bind('a').raw()).toEqual([[1, 'a']])
  await db.batch([insert.bind('b'), insert.bind('c')])
  expect(await insert.bind('d').first('name')).toBe('d')
  expect(cost.written).toBe(4)
  cost.read = 0
  const all = db.withSession('first-primary').prepare('SELECT id, name FROM spent WHERE id > ?')
  expect(await all.bind(1).first()).toEqual({ id: 2, name: 'b' })
  expect(await all.bind(9).first('name')).toBeNull()
  expect(await all.bind(2).raw({ columnNames: true })).toEqual([
    ['id', 'name'],
    [3, 'c'],
    [4, 'd'],
  ])
  expect((await all.bind(3).all()).results).toEqual([{ id: 4, name: 'd' }])
  expect(cost.read).toBeGreaterThanOrEqual(6)
})

it('the root token reads the bill among the metrics, and no other does', async () => {
  const { token } = await world.call<{ token: string }>('POST', '/tokens', {
    name: 'm',
    scopes: ['metrics:read'],
  })
  expect(await metrics(env.HOOKWAY_ROOT_TOKEN)).toMatch(
    /^hookway_billed_d1_rows_written_total\{part="log"\} \d+$/m,
  )
  expect(await metrics(token)).not.toContain('hookway_billed')
})

async function metrics(token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await exports.default.fetch(new Request('https://hooks.example/metrics', { headers }))
  return await response.text()
}

async function publishAndSleep(endpoint: Awaited<ReturnType<RelayWorld['endpoint']>>, events: number) {
  const before = world.at(endpoint).length
  await Promise.all(Array.from({ length: events }, (_, n) => world.publish('metered', { n })))
  await world.untilArrived(endpoint, before + events)
  const fired = await untilAsleep(world, endpoint)
  await vi.waitFor(async () => {
    const query = `SELECT count(*) AS n FROM ${DELIVERIES} WHERE status = 'delivered' AND endpoint_id = ?`
    expect(await env.LOG_DB.prepare(query).bind(endpoint.id).first('n')).toBe(before + events)
  }, 20_000)
  return fired
}
