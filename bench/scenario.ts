import type { Settings } from '../src/local/settings.ts'
import type { Options } from './options.ts'
import type { Row } from './stats.ts'
import type { World } from './world.ts'

/** One thing that is measured, in a world of its own. */
export interface Scenario {
  name: string
  /** One line for `--help`. */
  about: string
  /** Of the server, where the defaults will not do. */
  settings?: Partial<Settings>
  run(world: World, options: Options): Promise<Result[]>
}

/** One table. */
export interface Result {
  title: string
  rows: Row[]
  /** A table of its own kind below the rows. */
  details?: { heads: string[]; lines: { name: string; cells: number[] }[] }
  /** Single figures that fit no row. */
  facts?: Record<string, number | string>
  goals?: Goal[]
}

/** What the project holds itself to, on a machine with two cores and nothing else to do. */
export interface Goal {
  name: string
  value: number
  atLeast?: number
  atMost?: number
}

export function isReached({ value, atLeast = -Infinity, atMost = Infinity }: Goal): boolean {
  return value >= atLeast && value <= atMost
}
