import type { Bytes } from './bytes.ts'

/** An event that a tenant publishes, not yet accepted. Times in milliseconds. */
export interface Publication {
  type: string
  body: Bytes
  contentType: string
  /** The publisher's own id: publications with the same one are one event, within the dedupe window. */
  key: string | undefined
  /** Stands for the id of one without: the same for each try to publish it. */
  onceKey?: string | undefined
  occurredAt: number | undefined
  orderingKey: string | undefined
  /** Not to be delivered before. */
  deliverAt?: number | undefined
  metadata: Record<string, unknown>
}
