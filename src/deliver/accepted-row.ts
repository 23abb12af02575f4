import type { DeliveryRef } from '../model/accept.ts'
import type { Aggregation } from '../model/batch.ts'
import { concat, text } from '../model/bytes.ts'
import { unpackRecords } from '../model/event.ts'
import type { SubscriptionId } from '../model/id.ts'
import { JOURNAL_CLASSES, type JournalClass } from '../model/journal-class.ts'

export const ACCEPTED = 'accepted'

export interface AcceptedRow {
  seq: number
  class: JournalClass
  intake: string
  items: [
    segment: number,
    index: number,
    subscriptionId: SubscriptionId,
    record: number,
    triedBefore?: number,
    deliverAt?: number,
    aggregate?: Aggregation,
  ][]
  records: Uint8Array[]
}

export function parseAccepted(seq: number, kind: string, data: Uint8Array): AcceptedRow {
  const [head, records] = unpackRecords(data)
  const { intake, items } = JSON.parse(text(head ?? concat([]))) as Pick<AcceptedRow, 'intake' | 'items'>
  return { seq, class: classOf(kind), intake, items, records: unpackRecords(records ?? concat([])) }
}

export function kindOf(journalClass: JournalClass): string {
  return `${ACCEPTED}-${journalClass}`
}

export function classOf(kind: string): JournalClass {
  return JOURNAL_CLASSES.find((each) => kind === kindOf(each)) ?? 'normal'
}

export function keyOf({ pointer, subscriptionId }: Pick<DeliveryRef, 'pointer' | 'subscriptionId'>): string {
  return itemKey({ ...pointer, subscriptionId })
}

export function itemKey(item: {
  intake: string
  segment: number
  index: number
  subscriptionId: SubscriptionId
}): string {
  return `${item.intake} ${item.segment} ${item.index} ${item.subscriptionId}`
}
