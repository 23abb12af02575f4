import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The files that take longest. In a fresh clone nothing is known of an earlier run, and one of them that came last would
 * run alone.
 */
const LONG = [
  'end/sleep',
  'end/server',
  'end/pull',
  'end/kill',
  'end/replays',
  'sim/sim',
  'sim/more-seeds',
  'unit/endpoint-walk',
  'unit/tamper',
  'worker/endpoint-walk',
  'worker/source-reads',
  'worker/rows',
].map((name) => `/test/${name}.test.ts`)

/** Otherwise the order is vitest's own. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b))
  }
}

function groupOf({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder
}

function rankOf({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((path) => moduleId.endsWith(path))
  return at < 0 ? LONG.length : at
}
