import { z } from 'zod'
import type { RequestSettings } from './delivery-request.ts'
import { placeSchema } from './place.ts'
import type { FieldError } from './problem.ts'
import { namesIn } from './url-template.ts'

/** The bodies of a batch together, and its events. Receivers and their proxies commonly take so much. */
export const BATCH_BYTES_MAX = 1024 * 1024
const BATCH_EVENTS_MAX = 1_000

const maxEvents = z.int().min(1).max(BATCH_EVENTS_MAX).default(100)

/** Several deliveries of an endpoint in one request: with so many it goes, or so long after the first was received. */
export const batchSchema = z.object({ maxEvents, maxSeconds: z.int().min(1).max(3_600).default(5) })
export type BatchSettings = z.infer<typeof batchSchema>

/** Events of a subscription that become one delivery. Their transformation runs on each of them before. */
export const aggregateSchema = z.object({
  /** Events with the same value there go together: a JSON pointer into the body or `header:NAME`; null: all. */
  key: placeSchema.nullable().default(null),
  maxEvents,
  maxSeconds: z.int().min(1).max(86_400).default(60),
})
export type AggregateSettings = z.infer<typeof aggregateSchema>

/** What a delivery is aggregated by, as its endpoint's object keeps it. Null: its event has no value at the key. */
export type Aggregation = [key: string | null, maxEvents: number, maxSeconds: number]

/** A composition that was sent, or is about to be: it stays the same whatever happens, but for a cancellation. */
export interface BatchRow {
  /** The position of its first member when it was composed. */
  id: number
  dueAt: number
  attempts: number
  /** Under which the log was told of the last attempt. */
  receipts: number[]
  members: BatchMember[]
  /** What the log must still be told of it, as JSON. */
  log: string
}

export type BatchMember = [position: number, key: string | null, triedBefore: number]

/** Which settings of a request belong to one event and so to none of several. */
export function batchFaults({
  batch,
  method,
  url,
  forwardPath,
  contentType,
}: RequestSettings & { batch: BatchSettings | null }): FieldError[] {
  if (batch === null) return []
  const faults: FieldError[] = []
  const refuse = (path: string, message: string) => faults.push({ path, message })
  if (method === 'GET' || method === 'DELETE') refuse('method', `${method} has no body that holds a batch`)
  const [name] = namesIn(url)
  if (name !== undefined) refuse('url', `a batch has one URL, and {{${name}}} differs between its events`)
  if (forwardPath) refuse('forwardPath', 'a batch has one URL, and the path differs between its events')
  if (contentType === 'cloudevents-binary') {
    refuse('contentType', 'a batch of CloudEvents is in structured mode: application/cloudevents+json')
  }
  return faults
}
