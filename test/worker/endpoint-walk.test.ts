import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import type { Sql } from '../../src/db/journal.ts'
import type { Step } from '../case/endpoint-history.case.ts'
import { describeHistories, Walk } from '../case/endpoint-walk.case.ts'

/**
 * The walk on the storage of real objects, 803 histories in all. A crash is a real eviction: the runtime ends the object
 * with its attempts in flight, and the queue is built again from what another instance finds in the storage.
 */
describeHistories(73, async (way, history) => {
  const stub = env.BARE.getByName(crypto.randomUUID())
  let sql: Sql | undefined
  const inside = <T>(act: () => T | Promise<T>): Promise<T> =>
    runInDurableObject(stub, (_, { storage }) => {
      sql = storage.sql
      return act()
    })
  const disk = () => {
    if (sql === undefined) throw new Error('outside of the object')
    return sql
  }
  const walk = await inside(() => new Walk(way, disk))
  for (const life of livesOf(history)) {
    if (life[0]?.do === 'crash') await evictDurableObject(stub)
    await inside(async () => {
      for (const step of life) await walk.take(step)
    })
  }
  await inside(() => walk.finish())
  await evictDurableObject(stub)
  await inside(() => walk.expectNothingAgain())
})

/** Each but the first begins with the crash that ended the one before. */
function livesOf(history: Step[]): Step[][] {
  const lives: Step[][] = [[]]
  for (const step of history) {
    if (step.do === 'crash') lives.push([])
    lives.at(-1)?.push(step)
  }
  return lives
}
