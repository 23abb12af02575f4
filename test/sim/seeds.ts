import { it } from 'vitest'
import { simulate } from './simulate.ts'

/** Histories of all runs in CI, shared among the test files so that each processor has its part. */
const SEEDS = 200
const STEPS = 100

/** Plays every `of`-th history from `first` on. */
export function playSeeds({ first, of }: { first: number; of: number }): void {
  for (let seed = first; seed <= SEEDS; seed += of) {
    it(`keeps every promise in history ${seed}`, { timeout: 60_000 }, async () => {
      try {
        await simulate({ seed, steps: STEPS })
      } catch (error) {
        const command = `npm run test:sim -- --seed ${seed} --steps ${STEPS} --trace`
        throw new Error(`${command}\n${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        })
      }
    })
  }
}
