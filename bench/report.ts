import { isReached, type Goal, type Result } from './scenario.ts'
import type { Row } from './stats.ts'

const NAME_CHARS = 50
const CELL_CHARS = 12

export function printResult({ title, rows, details, facts, goals = [] }: Result): void {
  console.log(`\n${title}`)
  const more = [...new Set(rows.flatMap((row) => Object.keys(row.more ?? {})))]
  printLine('', ['events/s', 'spread', 'p50 ms', 'p99 ms', 'errors', ...more])
  for (const row of rows)
    printLine(row.name, [...cellsOf(row), ...more.map((name) => figure(row.more?.[name]))])
  if (details) {
    printLine('', details.heads)
    for (const { name, cells } of details.lines) printLine(`  ${name}`, cells.map(figure))
  }
  for (const [name, value] of Object.entries(facts ?? {}))
    console.log(`  ${name}: ${typeof value === 'number' ? figure(value) : value}`)
  for (const goal of goals) console.log(`  ${isReached(goal) ? 'reached' : 'MISSED '}  ${wordsOf(goal)}`)
}

/** Three digits that matter. */
export function figure(value: number | undefined): string {
  if (value === undefined) return ''
  if (!Number.isFinite(value)) return '-'
  const size = Math.abs(value)
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : 2
  return value.toFixed(digits)
}

function cellsOf({ perSecond, spread, p50Ms, p99Ms, errors }: Row): string[] {
  return [figure(perSecond), `${Math.round(spread * 100)} %`, ...[p50Ms, p99Ms, errors].map(figure)]
}

function printLine(name: string, cells: string[]): void {
  const padded = cells.map((cell) => ` ${cell}`.padStart(CELL_CHARS))
  console.log(name.padEnd(NAME_CHARS) + padded.join(''))
}

function wordsOf({ name, value, atLeast, atMost }: Goal): string {
  const limit = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
  return `${name}: ${figure(value)} (${limit})`
}
