import type { Bill } from '../model/bill.ts'

/** The bill as Prometheus reads it: a counter for each operation, by what caused it. Empty while nothing is counted. */
export function billedText(bill: Bill): string {
  return [...new Set(bill.map(({ operation }) => operation))]
    .flatMap((operation) => {
      const name = billedName(operation)
      return [
        `# HELP ${name} What this isolate has caused to be billed.`,
        `# TYPE ${name} counter`,
        ...bill
          .filter((item) => item.operation === operation)
          .map(({ part, count }) => `${name}{part="${part}"} ${count}`),
      ]
    })
    .map((line) => `${line}\n`)
    .join('')
}

function billedName(operation: string): string {
  return `hookway_billed_${operation.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`
}
