import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeLog } from '../../src/db/log-writer.ts'
import { attemptsOf, selectForReplay } from '../../src/db/replay-selection.ts'
import { claimReplay, expireReplays, getReplay, pageDueReplays, saveReplay } from '../../src/db/replays.ts'
import type { DeliveryRow, EventRow } from '../../src/model/delivery-log.ts'
import type { EndpointId, ReplayId } from '../../src/model/id.ts'
import type { ReplayQuery } from '../../src/model/replay.ts'
import { deliveryRow, eventRow, SOURCE, START } from '../support/log-rows.ts'
import { EMPTY_LOG } from './databases.ts'
import { allPages, at, makeWorld, problem, type World } from './api-world.ts'

const FROM = '2026-01-01T00:00:00Z'
const ANYTIME: ReplayQuery = { from: 0, to: START + 1e9 }

let world: World
let endpointId: EndpointId
beforeAll(async () => {
  world = await makeWorld({
    endpointsWanting: async (_, events) =>
      events.map(({ type }) => (type === 'push' ? [endpointId, endpointId] : [])),
  })
  const made = await world.call('POST', '/v1/endpoints', { url: 'https://receiver.example/' })
  endpointId = made.body.id as EndpointId
})
beforeEach(async () => {
  await world.deps.logDb.exec(EMPTY_LOG)
  await world.deps.db.exec('DELETE FROM replays')
  world.did.length = 0
})

const log = (events: EventRow[], rows: DeliveryRow[] = []) =>
  writeLog(world.deps.logDb, [{ kind: 'deliveries', object: 'o', receipt: 1, events, rows }])

const select = async (query: Partial<ReplayQuery>, limit = 100) => {
  const ids: string[] = []
  let after: string | null = null
  for (let next: string | undefined = ''; next !== undefined; after = next ?? null) {
    const selection = { tenantId: 'default' as const, query: { ...ANYTIME, ...query }, after, limit }
    const page = await selectForReplay(world.deps.logDb, selection)
    ids.push(...page.rows.map(({ eventId, delivery }) => delivery?.id ?? eventId))
    next = page.next
  }
  return ids
}

describe('what a replay selects', () => {
  const events = [eventRow(0), eventRow(1, { type: 'pull' }), eventRow(2, { sourceId: null })] as const
  const ids = events.map(({ id }) => id)

  it('are events in the order of receipt, by type, source, time and id', async () => {
    await log([...events, eventRow(0, { tenantId: 'ten_01K00000000000000000000000' })])
    for (const limit of [1, 2, 100]) expect(await select({}, limit)).toEqual(ids)
    expect(await select({ eventType: 'push' })).toEqual([ids[0], ids[2]])
    expect(await select({ sourceId: SOURCE })).toEqual([ids[0], ids[1]])
    expect(await select({ from: START + 1, to: START + 2 })).toEqual([ids[1]])
    expect(await select({ eventIds: [ids[2] ?? 'evt_', ids[0] ?? 'evt_'] }, 1)).toEqual([ids[0], ids[2]])
  })

  it('are ended deliveries by status and endpoint, with where their events are', async () => {
    const rows = [
      deliveryRow(events[0].id, { endpointId, status: 'dead' }),
      deliveryRow(events[1].id, { endpointId, status: 'retrying', eventType: 'pull' }),
      deliveryRow(events[2].id, { endpointId, status: 'delivered', sourceId: null }),
    ] as const
    await log([...events], [...rows])
    expect(await select({ status: 'dead' })).toEqual([rows[0].id])
    expect(await select({ endpointId })).toEqual([rows[0].id, rows[2].id])
    expect(await select({ endpointId, eventType: 'push', eventIds: [events[2].id] })).toEqual([rows[2].id])
    const query = { ...ANYTIME, status: 'dead' as const }
    const selection = { tenantId: 'default' as const, query, after: null, limit: 1 }
    expect((await selectForReplay(world.deps.logDb, selection)).rows).toEqual([
      {
        position: events[0].id.replace('evt_', 'dlv_'),
        eventId: events[0].id,
        eventType: 'push',
        pointer: events[0].pointer,
        delivery: {
          id: rows[0].id,
          endpointId,
          subscriptionId: rows[0].subscriptionId,
          status: 'dead',
        },
      },
    ])
    expect(await attemptsOf(world.deps.logDb, 'default', [rows[0]])).toEqual(new Map([[rows[0].id, 1]]))
  })
})

describe('a plan', () => {
  it('counts the deliveries to each endpoint that wants the events, and changes nothing', async () => {
    const rows = [eventRow(0), eventRow(1), eventRow(2, { type: 'unwanted' })] as const
    await log([...rows])
    const reply = await world.call('POST', '/v1/replays', { query: { from: FROM }, dryRun: true })
    expect(reply).toMatchObject({
      status: 200,
      body: { matched: 4, complete: true, endpoints: [{ endpointId, count: 4 }] },
    })
    expect(reply.body['sample']).toHaveLength(3)
    expect(await world.call('GET', '/v1/replays')).toMatchObject({ body: { data: [] } })
    const all = { query: { from: FROM }, endpointId, dryRun: true }
    expect(await world.call('POST', '/v1/replays', all)).toMatchObject({ body: { matched: 3 } })
    const dead = { query: { from: FROM, status: 'dead' }, dryRun: true }
    expect(await world.call('POST', '/v1/replays', dead)).toMatchObject({ body: { matched: 0 } })
  })
})

describe('a replay', () => {
  it('is made, begins at once, is listed and read', async () => {
    const event = eventRow(0)
    await log([event], [deliveryRow(event.id, { endpointId, status: 'dead' })])
    const query = { status: 'dead', from: FROM }
    const made = await world.call('POST', '/v1/replays', { query, ratePerSecond: 5 })
    expect(made).toMatchObject({
      status: 202,
      body: {
        id: expect.stringMatching(/^rpl_/),
        state: 'planned',
        matched: 1,
        done: 0,
        failed: 0,
        ratePerSecond: 5,
        endpointId: null,
        query: { status: 'dead', from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.001Z' },
      },
    })
    expect(world.did).toEqual(['replay created'])
    const { id } = made.body
    expect((await allPages(world, '/v1/replays?limit=1')).ids).toEqual([id])
    expect((await world.call('GET', `/v1/replays/${id}`)).body).toEqual(made.body)
    const other = await world.call('POST', '/v1/tenants', { name: 'other' })
    const elsewhere = await world.call('GET', `/v1/replays/${id}`, undefined, { tenant: other.body.id })
    expect(elsewhere).toMatchObject(problem(404, 'not_found'))
  })

  it('is refused without a bound, and for an endpoint that is none', async () => {
    const refused = (path: string) => problem(400, 'invalid_request', at(path))
    expect(await world.call('POST', '/v1/replays', { query: {} })).toMatchObject(refused('query.from'))
    const unknown = { query: { from: FROM }, endpointId: 'ep_01K00000000000000000000009' }
    expect(await world.call('POST', '/v1/replays', unknown)).toMatchObject(refused('endpointId'))
  })

  it('is claimed by one step at a time and stays aborted', async () => {
    const { deps, time } = world
    const made = await world.call('POST', '/v1/replays', { query: { from: FROM } })
    const id = made.body.id as ReplayId
    const { now } = time
    expect(await pageDueReplays(deps.db, { now, limit: 9 })).toEqual([id])
    const claimed = await claimReplay(deps.db, id, { now, until: now + 100 })
    expect(claimed).toMatchObject({ state: 'running', leasedUntil: now + 100, query: { from: START } })
    expect(await claimReplay(deps.db, id, { now, until: now + 100 })).toBeUndefined()
    if (!claimed) throw new Error('not claimed')
    const progress = { ...claimed, done: 3, cursor: 'evt_x', leasedUntil: now + 5 }
    expect(await saveReplay(deps.db, claimed, { progress, now })).toBe(true)
    expect(await saveReplay(deps.db, claimed, { progress, now })).toBe(false)
    expect(await getReplay(deps.db, 'default', id)).toMatchObject({ done: 3, cursor: 'evt_x' })
    expect(await pageDueReplays(deps.db, { now, limit: 9 })).toEqual([])
    for (let i = 0; i < 2; i++) expect((await world.call('DELETE', `/v1/replays/${id}`)).status).toBe(204)
    expect(await claimReplay(deps.db, id, { now: now + 9, until: now + 100 })).toBeUndefined()
    const again = { ...claimed, leasedUntil: now + 5 }
    expect(await saveReplay(deps.db, again, { progress, now })).toBe(false)
    expect(await world.call('GET', `/v1/replays/${id}`)).toMatchObject({
      body: { state: 'aborted', done: 3 },
    })
  })

  it('that has ended is forgotten in the end, and one that runs is not', async () => {
    const { db } = world.deps
    const [ended, open] = [
      await world.call('POST', '/v1/replays', { query: { from: FROM } }),
      await world.call('POST', '/v1/replays', { query: { from: FROM } }),
    ]
    await world.call('DELETE', `/v1/replays/${ended.body.id}`)
    const listed = async () => (await allPages(world, '/v1/replays')).ids
    await expireReplays(db, { before: world.time.now, limit: 9 })
    expect(await listed()).toHaveLength(2)
    await expireReplays(db, { before: world.time.now + 1, limit: 9 })
    expect(await listed()).toEqual([open.body.id])
  })

  it('that has ended cannot be aborted', async () => {
    const made = await world.call('POST', '/v1/replays', { query: { from: FROM } })
    await world.deps.db.exec("UPDATE replays SET state = 'done'")
    const reply = await world.call('DELETE', `/v1/replays/${made.body.id}`)
    expect(reply).toMatchObject(problem(409, 'conflict'))
  })
})
