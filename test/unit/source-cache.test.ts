import { describe, expect, it } from 'vitest'
import { SourceCache } from '../../src/ingest/source-cache.ts'
import { newId, type SourceId } from '../../src/model/id.ts'
import { sourceOf } from '../case/provider.case.ts'

const ids = (count: number) => Array.from({ length: count }, () => newId('src', 0))

/** A cache over a database with some sources, and how often it was asked. */
function makeCache(known: readonly SourceId[]) {
  const cache = new SourceCache()
  const stored = new Set(known)
  const world = { reads: 0, isDown: false, now: 1_760_000_000_000 }
  const read = async (id: SourceId) => {
    if (world.isDown) throw new Error('D1 does not answer')
    world.reads++
    return stored.has(id) ? { ...sourceOf('generic', []), id } : undefined
  }
  const find = (id: SourceId) => cache.find(id, world.now, read)
  const readsOf = async (asked: readonly SourceId[]) => {
    const before = world.reads
    for (const id of asked) await find(id).catch(() => undefined)
    return world.reads - before
  }
  return { cache, stored, world, find, readsOf }
}

describe('the sources of an isolate', () => {
  it('are read once, and not again while they are warm, whatever ids are invented meanwhile', async () => {
    const known = ids(1_000)
    const { readsOf } = makeCache(known)
    expect(await readsOf(known)).toBe(1_000)
    await readsOf(ids(10_000))
    expect(await readsOf([...known, ...known])).toBe(0)
  })

  it('cost a bounded number of reads for ids that do not exist', async () => {
    const { readsOf, world } = makeCache([])
    const unknown = ids(10_000)
    expect(await readsOf(unknown)).toBe(1_000)
    expect(await readsOf(unknown)).toBe(0)
    world.now += 1_000
    expect(await readsOf(ids(10_000))).toBe(100)
  })

  it('cost no more when many reads are under way and the clock goes on meanwhile', async () => {
    const cache = new SourceCache()
    let reads = 0
    let now = 1_760_000_000_000
    const answers: (() => void)[] = []
    const asked = ids(10_000).map((id) => {
      now += 1
      const found = cache.find(id, now, () => {
        reads++
        return new Promise((resolve) => answers.push(() => resolve(undefined)))
      })
      if (answers.length > 32) answers.shift()?.()
      return found.catch(() => undefined)
    })
    for (const answer of answers) answer()
    await Promise.all(asked)
    // A thousand at once, and a hundred a second for ten seconds.
    expect(reads).toBeLessThanOrEqual(2_001)
  })

  it('are to be asked for again, not taken for absent, while a flood lasts', async () => {
    const [late] = ids(1)
    if (late === undefined) throw new Error('no id')
    const { readsOf, find, world } = makeCache([late])
    await readsOf(ids(2_000))
    await expect(find(late)).rejects.toMatchObject({ code: 'unavailable', headers: { 'retry-after': '2' } })
    world.now += 100
    expect(await find(late)).toMatchObject({ id: late })
  })

  it('stay known when the database does not answer, and appear soon after they are made', async () => {
    const [known, made] = ids(2)
    if (known === undefined || made === undefined) throw new Error('no ids')
    const { find, stored, world, cache } = makeCache([known])
    await find(known)
    expect(await find(made)).toBeUndefined()
    stored.add(made)
    cache.forget(made)
    expect(await find(made)).toMatchObject({ id: made })
    world.isDown = true
    world.now += 60_000
    expect(await find(known)).toMatchObject({ id: known })
    world.now += 3_600_000
    await expect(find(known)).rejects.toThrow('D1')
  })
})
