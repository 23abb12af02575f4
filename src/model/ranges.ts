/** A sorted set of whole numbers as inclusive ranges: compact as JSON while its members are mostly consecutive. */
export type Ranges = [first: number, last: number][]

export function toRanges(numbers: Iterable<number>): Ranges {
  const ranges: Ranges = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last && number <= last[1] + 1) last[1] = Math.max(last[1], number)
    else ranges.push([number, number])
  }
  return ranges
}

export function* fromRanges(ranges: Ranges): Iterable<number> {
  for (const [first, last] of ranges) for (let number = first; number <= last; number++) yield number
}
