import { z } from 'zod'
import type { DeliveryStatus } from './delivery-log.ts'
import type { EndpointId, EventId, ReplayId, SourceId, TenantId } from './id.ts'

/** What a replay selects, in the log as of its making. Times in milliseconds of receipt, `to` exclusive. */
export interface ReplayQuery {
  /** Deliveries to it, instead of events. */
  endpointId?: EndpointId | undefined
  eventIds?: EventId[] | undefined
  eventType?: string | undefined
  sourceId?: SourceId | undefined
  /** Deliveries with this status, instead of events. */
  status?: Extract<DeliveryStatus, 'dead' | 'delivered' | 'cancelled'> | undefined
  from: number
  to: number
}

/** `planned`: not begun; `failed`: it cannot go on. */
export const replayStateSchema = z.enum(['planned', 'running', 'done', 'aborted', 'failed'])
export type ReplayState = z.infer<typeof replayStateSchema>

/** A replay as it is stored. Times in milliseconds. */
export interface Replay {
  id: ReplayId
  tenantId: TenantId
  query: ReplayQuery
  /** Null: events to every endpoint that wants them, deliveries to their own. */
  endpointId: EndpointId | null
  ratePerSecond: number | null
  state: ReplayState
  /** Deliveries that are to be made: an estimate until it has ended. */
  matched: number
  done: number
  failed: number
  error: string | null
  /** The last id of the log that was handed over; null: none. */
  cursor: string | null
  leasedUntil: number
  createdAt: number
  updatedAt: number
}

/** Whether it selects deliveries; else events, also those that nobody ever wanted. */
export function selectsDeliveries({ status, endpointId }: ReplayQuery): boolean {
  return status !== undefined || endpointId !== undefined
}
