import { describeHistories, Walk } from '../case/endpoint-walk.case.ts'
import { memorySql } from '../support/sqlite.ts'

// 10,010 in all.
describeHistories(910, async (way, history) => {
  const sql = memorySql()
  const walk = new Walk(way, () => sql)
  for (const step of history) await walk.take(step)
  await walk.finish()
  await walk.expectNothingAgain()
})
