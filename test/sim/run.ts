import { parseArgs } from 'node:util'
import { simulate } from './simulate.ts'

/** `npm run test:sim -- --seed 7 [--seeds 100] [--steps 300] [--trace]` */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** So many, from the first on. */
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '300' },
    trace: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const steps = Number(values.steps)
const print = values.trace ? (line: string) => console.log(line) : undefined
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  try {
    const report = await simulate({ seed, steps, ...(print && { print }) })
    console.log(`seed ${seed}: ${JSON.stringify(report)}`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    console.error(`npm run test:sim -- --seed ${seed} --steps ${steps} --trace`)
    process.exitCode = 1
  }
}
