import { env } from 'cloudflare:workers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { allPages, makeWorld, type World } from './api-world.ts'
import { openDatabases } from './databases.ts'
import { counted, fillLog, QUESTIONS } from './full-log.ts'

const ROWS = Number(env.TEST_LOG_ROWS)
/** Also at a million rows. */
const PAGE_MS_MAX = 100

const lines: string[] = []
let world: World
let cost: { read: number }
beforeAll(async () => {
  const { logDb } = await openDatabases()
  await fillLog(logDb, ROWS)
  const measured = counted(logDb)
  cost = measured.cost
  world = await makeWorld({ logDb: measured.db })
}, 600_000)
// oxlint-disable-next-line no-console -- the proof at full size is this table
afterAll(() => console.info(lines.join('\n')))

it.each(QUESTIONS)('$path reads at most $rowsMax rows a page', async ({ path, rowsMax }) => {
  // Once before, as for a database that is in use.
  await world.call('GET', path)
  cost.read = 0
  const started = performance.now()
  const { status, body } = await world.call('GET', path)
  const ms = performance.now() - started
  lines.push(
    `${String(cost.read).padStart(7)} rows ${ms.toFixed(1).padStart(6)} ms ${body.data.length} ${path}`,
  )
  expect(status).toBe(200)
  expect(cost.read).toBeLessThanOrEqual(rowsMax)
  expect(ms).toBeLessThan(PAGE_MS_MAX)
})

it.each([
  { path: '/v1/deliveries?eventType=rare', oneIn: 20_000 },
  { path: '/v1/events?type=rare', oneIn: 20_000 },
  { path: '/v1/deliveries?endpointId=ep_01K00000000000000000000099', oneIn: 10_000 },
  { path: '/v1/deliveries?status=retrying&limit=250', oneIn: 100 },
])('$path finds one in $oneIn, all there are', async ({ path, oneIn }) => {
  expect(new Set((await allPages(world, path)).ids).size).toBe(ROWS / oneIn)
})
