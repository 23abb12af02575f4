export interface Row {
  name: string
  perSecond: number
  p50Ms: number
  p99Ms: number
  errors: number
  /** Events a second against the row that stands for the bare platform. */
  ratio?: number
}

export interface Sample {
  count: number
  elapsedMs: number
  latenciesMs: number[]
  errors: number
}

/** All slices of one server together: a slow moment of the machine hits every server alike. */
export function rowOf(name: string, samples: Sample[]): Row {
  const latencies = samples.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b)
  const seconds = sum(samples.map(({ elapsedMs }) => elapsedMs)) / 1000
  return {
    name,
    perSecond: round(sum(samples.map(({ count }) => count)) / seconds),
    p50Ms: round(percentile(latencies, 0.5)),
    p99Ms: round(percentile(latencies, 0.99)),
    errors: sum(samples.map(({ errors }) => errors)),
  }
}

export function printTable(title: string, rows: Row[]): void {
  console.log(`\n${title}`)
  print(['', 'events/s', 'p50 ms', 'p99 ms', 'errors', 'ratio'])
  for (const { name, perSecond, p50Ms, p99Ms, errors, ratio } of rows) {
    const numbers = [perSecond, p50Ms, p99Ms, errors].map(String)
    print([name, ...numbers, ratio === undefined ? '' : `${ratio.toFixed(2)}x`])
  }
}

function print([name = '', ...cells]: string[]): void {
  console.log(name.padEnd(44) + cells.map((cell) => cell.padStart(10)).join(''))
}

function percentile(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 10) / 10
}
