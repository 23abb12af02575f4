import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { circumstances, wordsOf } from './machine.ts'
import { parseInvocation, sizesHelp, type Options } from './options.ts'
import { plot } from './plot.ts'
import { printResult } from './report.ts'
import type { Result, Scenario } from './scenario.ts'
import { SCENARIOS, SHORT } from './scenarios.ts'
import { openWorld } from './world.ts'

const RESULTS = fileURLToPath(new URL('results/', import.meta.url))
const HELP = `npm run bench -- [SCENARIO…] [flags]

Without a name: ${SHORT.map(({ name }) => name).join(', ')}, in sizes that take a few minutes.
${SCENARIOS.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join('\n')}

  --all                   all of them, in the published sizes
  --json FILE             the figures, with versions and machine
  --publish               plots go to bench/results instead of bench/results/local
${sizesHelp()}`

const { names, isAll, isHelp, isPublished, json, options } = invocation()
if (isHelp) {
  console.log(HELP)
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
const scenarios = chosen()
const made = circumstances()
console.log(wordsOf(made))
const plots = isPublished ? RESULTS : join(RESULTS, 'local')
mkdirSync(plots, { recursive: true })
const results: ({ scenario: string } & Result)[] = []
for (const scenario of scenarios) {
  const measured = await measure(scenario, options)
  measured.forEach(printResult)
  results.push(...measured.map((result) => ({ scenario: scenario.name, ...result })))
  writeFileSync(join(plots, `${scenario.name}.svg`), plot(measured, wordsOf(made)))
  // After each, so that a run that is broken off leaves what it has.
  if (json) keepJson(json)
}
console.log(`\nplots in ${plots}`)

async function measure(scenario: Scenario, sizes: Options): Promise<Result[]> {
  const world = await openWorld(scenario.settings)
  try {
    return await scenario.run(world, sizes)
  } finally {
    await world.close()
  }
}

function chosen(): readonly Scenario[] {
  if (isAll) return SCENARIOS
  if (names.length === 0) return SHORT
  return names.map((name) => {
    const scenario = SCENARIOS.find((each) => each.name === name)
    if (!scenario) fail(`No scenario ${name}.\n\n${HELP}`)
    return scenario
  })
}

function keepJson(file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ ...made, sizes: options, results }, rounded, 2)}\n`)
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && Number.isFinite(value) ? Number(value.toPrecision(6)) : value
}

function invocation() {
  try {
    return parseInvocation(process.argv.slice(2))
  } catch (error) {
    fail(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
