import { describeHistories, Walk } from '../case/endpoint-walk.case.ts'
import { memorySql } from '../support/sqlite.ts'

// 13,750 in all.
describeHistories(1_250, async (way, history) => {
  const sql = memorySql()
  const walk = new Walk(way, () => sql)
  for (const step of history) await walk.take(step)
  await walk.finish()
  await walk.expectNothingAgain()
})
