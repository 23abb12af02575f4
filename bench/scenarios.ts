import type { Scenario } from './scenario.ts'
import { burst } from './scenarios/burst.ts'
import { ceiling } from './scenarios/ceiling.ts'
import { cost } from './scenarios/cost.ts'
import { deliver } from './scenarios/deliver.ts'
import { e2e } from './scenarios/e2e.ts'
import { fanout } from './scenarios/fanout.ts'
import { hung } from './scenarios/hung.ts'
import { ids } from './scenarios/ids.ts'
import { ingest } from './scenarios/ingest.ts'
import { keys } from './scenarios/keys.ts'
import { large } from './scenarios/large.ts'
import { sparse } from './scenarios/sparse.ts'

/** In this order with `--all`. */
export const SCENARIOS: readonly Scenario[] = [
  ceiling,
  ingest,
  ids,
  e2e,
  deliver,
  keys,
  fanout,
  hung,
  burst,
  large,
  sparse,
  cost,
]

/** Without a name: what fits into a few minutes. */
export const SHORT: readonly Scenario[] = [ceiling, ingest, e2e, deliver, keys]
