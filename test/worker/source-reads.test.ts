import { env, exports } from 'cloudflare:workers'
import { beforeAll, expect, it, vi } from 'vitest'
import { insertSource } from '../../src/db/sources.ts'
import { newId, type SourceId } from '../../src/model/id.ts'
import { sourceSettingsSchema } from '../../src/model/source.ts'
import { RelayWorld } from './relay-world.ts'

let world: RelayWorld
/** Every statement that the Worker prepares on its configuration, from whichever session. */
const statements: string[] = []

beforeAll(async () => {
  world = await RelayWorld.open()
  const { DB } = env
  const noted = (prepare: D1Database['prepare']) => (sql: string) => {
    statements.push(sql)
    return prepare(sql)
  }
  const [prepare, withSession] = [DB.prepare.bind(DB), DB.withSession.bind(DB)]
  vi.spyOn(DB, 'prepare').mockImplementation(noted(prepare))
  vi.spyOn(DB, 'withSession').mockImplementation((constraint) => {
    const session = withSession(constraint)
    session.prepare = noted(session.prepare.bind(session))
    return session
  })
})

const ids = (count: number): SourceId[] => Array.from({ length: count }, () => newId('src', world.now))

/** A paused source costs nothing beyond being found, which is what is counted here. */
async function createSource(id: SourceId, state: 'paused' | 'active' = 'paused'): Promise<void> {
  await insertSource(env.DB, {
    id,
    tenantId: 'default',
    uid: null,
    name: id,
    provider: 'generic',
    settings: sourceSettingsSchema.parse({ state }),
    secrets: [],
    version: 1,
    createdAt: world.now,
    updatedAt: world.now,
  })
}

/** How often the database was asked for sources while each was sent to once, and what was answered. */
async function sendToEach(sources: readonly SourceId[]): Promise<{ reads: number; statuses: number[] }> {
  statements.length = 0
  const statuses = new Set<number>()
  for (const id of sources) {
    const request = new Request(`https://hooks.example/in/${id}`, { method: 'POST', body: '{}' })
    const response = await exports.default.fetch(request)
    statuses.add(response.status)
    await response.body?.cancel()
  }
  const reads = statements.filter((sql) => /FROM sources\b/.test(sql)).length
  return { reads, statuses: [...statuses].toSorted((a, b) => a - b) }
}

it(
  '1,000 warm sources cost D1 no read, 10,000 unknown ids a bounded number',
  { timeout: 120_000 },
  async () => {
    const known = ids(1_000)
    for (const id of known) await createSource(id)
    expect(await sendToEach(known)).toEqual({ reads: 1_000, statuses: [503] })
    expect(await sendToEach(known)).toEqual({ reads: 0, statuses: [503] })
    expect(await sendToEach(ids(10_000))).toEqual({ reads: 1_000, statuses: [404, 503] })
    expect(await sendToEach(known)).toEqual({ reads: 0, statuses: [503] })
    world.now += 1_000
    expect(await sendToEach(ids(1_000))).toEqual({ reads: 100, statuses: [404, 503] })
  },
)

it('a warm source is accepted from without a read of its configuration', async () => {
  world.now += 60_000
  const [id] = ids(1)
  if (id === undefined) throw new Error('no id')
  await createSource(id, 'active')
  expect(await sendToEach([id])).toEqual({ reads: 1, statuses: [200] })
  expect(await sendToEach([id, id, id])).toEqual({ reads: 0, statuses: [200] })
})
