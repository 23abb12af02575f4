import { text, utf8 } from '../model/bytes.ts'
import type { EventPointer, LogMessage } from '../model/delivery-log.ts'
import { packRecords, unpackRecords } from '../model/event.ts'
import { fromRanges, type Ranges } from '../model/ranges.ts'
import { ACCEPTED, parseAccepted, type AcceptedRow } from './accepted-row.ts'
import type { DeliveryStore } from './store.ts'

type Edited = Pick<DeliveryStore, 'journal' | 'forgetRow'>

/** The rows of deliveries of these events, wherever they were handed over. Reads every label. */
export function acceptedRowsOf({ journal }: Edited, events: readonly EventPointer[]): AcceptedRow[] {
  const segments = new Set(events.map(({ intake, segment }) => `${intake} ${segment}`))
  const seqs: number[] = []
  for (const { seq, label } of journal.labels(ACCEPTED, journal.firstSeq)) {
    const [origin, ranges, intake = origin] = JSON.parse(label) as [string, Ranges, string?]
    if ([...fromRanges(ranges)].some((segment) => segments.has(`${intake} ${segment}`))) seqs.push(seq)
  }
  return seqs.flatMap((seq) => {
    const row = journal.read(seq)
    return row ? [parseAccepted(seq, row.kind, row.data)] : []
  })
}

/** Writes a row anew with other records, as many as it had. */
export function replaceRecords({ journal, forgetRow }: Edited, { seq, records }: AcceptedRow): void {
  const row = journal.read(seq)
  const [head] = unpackRecords(row?.data ?? new Uint8Array(0))
  if (!row || !head) return
  journal.rewrite({ seq, label: row.label, data: packRecords([head, packRecords(records)]) })
  forgetRow(seq)
}

/** The batches of outcomes that speak of these ids. */
export function outcomesHolding(
  { journal }: Edited,
  { ids, from }: { ids: readonly string[]; from: number },
): LogMessage[] {
  return ids.flatMap((id) =>
    Array.from(journal.holding('outcomes', id, from), ({ data }) => JSON.parse(text(data)) as LogMessage),
  )
}

/** Writes the batches of outcomes anew that speak of these ids; answers how many. */
export function replaceOutcomes(
  { journal }: Edited,
  { ids, from }: { ids: readonly string[]; from: number },
  change: (message: LogMessage) => LogMessage,
): number {
  let rewritten = 0
  for (const id of ids) {
    for (const { seq, label, data } of journal.holding('outcomes', id, from)) {
      const before = text(data)
      const after = JSON.stringify(change(JSON.parse(before) as LogMessage))
      if (after === before) continue
      journal.rewrite({ seq, label, data: utf8(after) })
      rewritten++
    }
  }
  return rewritten
}
