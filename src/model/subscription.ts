import { z } from 'zod'
import type { EndpointId, SourceId, SubscriptionId, TenantId } from './id.ts'

/** An event type or a pattern over dotted segments: `lead.created`, `lead.*`, `*`. */
export const eventTypePatternSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^(\*|[^\s*]+|[^\s*]+\.\*)$/, 'an event type, a prefix with .* at its end, or *')

export interface Subscription {
  id: SubscriptionId
  tenantId: TenantId
  endpointId: EndpointId
  /** Empty: events of every source, and published ones. */
  sourceIds: SourceId[]
  /** Empty: every type. */
  eventTypes: string[]
  state: 'active' | 'paused'
  /** Milliseconds. Events received before are none of this subscription's, however late they are routed. */
  createdAt: number
}
