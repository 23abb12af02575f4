/** One slice of one round. */
export interface Sample {
  count: number
  elapsedMs: number
  latenciesMs: number[]
  errors: number
}

/** Medians of the rounds. */
export interface Row {
  name: string
  perSecond: number
  /** Fastest round less slowest, as a share of the median. */
  spread: number
  p50Ms: number
  p99Ms: number
  /** In all rounds together. */
  errors: number
  /** What only this scenario knows, by the head of its column. */
  more?: Record<string, number>
}

export function rowOf(name: string, rounds: Sample[], more?: Record<string, number>): Row {
  const rates = rounds.map(rateOf)
  const perSecond = median(rates)
  return {
    name,
    perSecond,
    spread: (Math.max(...rates) - Math.min(...rates)) / perSecond,
    p50Ms: median(rounds.map(({ latenciesMs }) => percentile(latenciesMs, 0.5))),
    p99Ms: median(rounds.map(({ latenciesMs }) => percentile(latenciesMs, 0.99))),
    errors: sum(rounds.map(({ errors }) => errors)),
    ...(more && { more }),
  }
}

export function rateOf({ count, elapsedMs }: Sample): number {
  return (count * 1000) / elapsedMs
}

/** Slices of one round are compared with one another, so that a drift of the machine cancels. */
export function ratioOf(rounds: Sample[], base: Sample[], of: (sample: Sample) => number = rateOf): number {
  return median(rounds.map((sample, round) => of(sample) / of(base[round] ?? sample)))
}

/** Each target once a round, to and fro, so that a drift of the machine touches all alike. */
export async function inTurns<Target, Measured>(
  rounds: number,
  targets: readonly Target[],
  measure: (target: Target) => Promise<Measured>,
): Promise<Measured[][]> {
  const samples = targets.map((): Measured[] => [])
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 ? [...targets.keys()].toReversed() : [...targets.keys()]
    for (const at of order) samples[at]?.push(await measure(targets[at] as Target))
  }
  return samples
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted.length >> 1
  const lower = (sorted.length - 1) >> 1
  return ((sorted[lower] ?? Number.NaN) + (sorted[upper] ?? Number.NaN)) / 2
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
