/** What the platform charges by: dollars a million units beyond those that a month includes. */
interface Line {
  perMillion: number
  included: number
}

/** Workers Paid, https://developers.cloudflare.com/workers/platform/pricing as of 2 October 2026. */
const LINES = {
  workerRequests: { perMillion: 0.3, included: 10e6 },
  workerCpuMs: { perMillion: 0.02, included: 30e6 },
  queueOperations: { perMillion: 0.4, included: 1e6 },
  objectRequests: { perMillion: 0.15, included: 1e6 },
  objectGbSeconds: { perMillion: 12.5, included: 400e3 },
  objectRowsRead: { perMillion: 0.001, included: 25e9 },
  objectRowsWritten: { perMillion: 1, included: 50e6 },
  d1RowsRead: { perMillion: 0.001, included: 25e9 },
  d1RowsWritten: { perMillion: 1, included: 50e6 },
  kvReads: { perMillion: 0.5, included: 10e6 },
  kvWrites: { perMillion: 5, included: 1e6 },
  r2Writes: { perMillion: 4.5, included: 1e6 },
  r2Reads: { perMillion: 0.36, included: 10e6 },
} satisfies Record<string, Line>
const BASE_DOLLARS = 5

/** An object is billed for 128 MB for as long as it is active. */
const GB_SECONDS_EACH_MS = 0.128 / 1_000

/** What is counted, the line it is billed under, and what one of it is in the units of that line. */
const OPERATIONS = {
  workerRequests: { line: 'workerRequests', units: 1 },
  cpuMs: { line: 'workerCpuMs', units: 1 },
  queueOperations: { line: 'queueOperations', units: 1 },
  objectCalls: { line: 'objectRequests', units: 1 },
  alarmsFired: { line: 'objectRequests', units: 1 },
  activeMs: { line: 'objectGbSeconds', units: GB_SECONDS_EACH_MS },
  objectRowsRead: { line: 'objectRowsRead', units: 1 },
  objectRowsWritten: { line: 'objectRowsWritten', units: 1 },
  alarmsSet: { line: 'objectRowsWritten', units: 1 },
  d1RowsRead: { line: 'd1RowsRead', units: 1 },
  d1RowsWritten: { line: 'd1RowsWritten', units: 1 },
  kvReads: { line: 'kvReads', units: 1 },
  kvWrites: { line: 'kvWrites', units: 1 },
  r2Writes: { line: 'r2Writes', units: 1 },
  r2Reads: { line: 'r2Reads', units: 1 },
} satisfies Record<string, { line: keyof typeof LINES; units: number }>

export type Operation = keyof typeof OPERATIONS

/** What caused it: one of the databases, object classes or doors. */
export type Part = 'worker' | 'intake' | 'endpoint' | 'log' | 'config' | 'queue' | 'bodies'

export interface BillItem {
  part: Part
  operation: Operation
  count: number
}

export type Bill = readonly BillItem[]

export interface Charge extends BillItem {
  perEvent: number
  /** Dollars for a million events, beyond all allowances. */
  perMillion: number
  /** Of the whole bill. */
  share: number
}

/** What each item of the bill for so many events comes to, the dearest first. */
export function chargesOf(bill: Bill, events: number): Charge[] {
  const total = marginalDollars(bill, events)
  return bill
    .map((item) => {
      const perMillion = marginalDollars([item], events)
      return { ...item, perEvent: item.count / events, perMillion, share: perMillion / total }
    })
    .toSorted((a, b) => b.perMillion - a.perMillion)
}

/** Dollars for a million events more, where the bill for so many is known. */
export function marginalDollars(bill: Bill, events: number): number {
  return bill.reduce((sum, item) => sum + (unitsOf(item) * LINES[lineOf(item)].perMillion) / events, 0)
}

/** The whole invoice of a month with so many events, with the base price and what it includes. */
export function monthlyDollars(bill: Bill, { events, inMonth }: { events: number; inMonth: number }): number {
  const used = new Map<keyof typeof LINES, number>()
  for (const item of bill) {
    const units = (unitsOf(item) * inMonth) / events
    used.set(lineOf(item), (used.get(lineOf(item)) ?? 0) + units)
  }
  return [...used].reduce((dollars, [name, units]) => {
    const { perMillion, included } = LINES[name]
    return dollars + (Math.max(0, units - included) / 1e6) * perMillion
  }, BASE_DOLLARS)
}

/** What came to the later of two readings of the same meter. */
export function billSince(before: Bill, after: Bill): BillItem[] {
  const known = new Map(before.map((item) => [keyOf(item), item.count]))
  return after
    .map((item) => ({ ...item, count: item.count - (known.get(keyOf(item)) ?? 0) }))
    .filter(({ count }) => count > 0)
}

export function isOperation(name: string): name is Operation {
  return Object.hasOwn(OPERATIONS, name)
}

function keyOf({ part, operation }: BillItem): string {
  return `${part} ${operation}`
}

function lineOf({ operation }: BillItem): keyof typeof LINES {
  return OPERATIONS[operation].line
}

function unitsOf({ operation, count }: BillItem): number {
  return count * OPERATIONS[operation].units
}
