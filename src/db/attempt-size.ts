import { shrinkAttempt } from '../model/attempt-size.ts'
import type { AttemptRecord } from '../model/delivery-log.ts'

/**
 * A delivery's attempts are one JSON column, and a D1 row ends at 2 MB. These sum to about 1.5 MB: the first tries
 * are kept whole, those of a long schedule or of many replays shorter. Beyond the last only the count goes on.
 */
const BUDGETS = [
  { upTo: 20, bytes: 24_000 },
  { upTo: 100, bytes: 8_000 },
  { upTo: 500, bytes: 1_000 },
]

/** The attempt as its number's budget allows it, or undefined when only the count goes on. */
export function fitAttempt(number: number, attempt: AttemptRecord): AttemptRecord | undefined {
  const budget = BUDGETS.find((each) => number <= each.upTo)
  return budget && shrinkAttempt(attempt, budget.bytes)
}
