import { z } from 'zod'
import { idSchema, type EndpointId, type SourceId, type SubscriptionId, type TenantId } from './id.ts'

/** An event type or a pattern over dotted segments: `lead.created`, `lead.*`, `*`. */
export const eventTypePatternSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^(\*|[^\s*]+|[^\s*]+\.\*)$/, 'an event type, a prefix with .* at its end, or *')

export const prioritySchema = z.enum(['high', 'normal', 'low'])

/** What a caller may set on a subscription; its endpoint stays the one it was made for. */
export const subscriptionSettingsSchema = z.object({
  sourceIds: z.array(idSchema('src')).max(100).default([]),
  eventTypes: z.array(eventTypePatternSchema).max(200).default([]),
  /** Which of its deliveries an endpoint makes first when it cannot make all at once. Without effect where it keeps an order. */
  priority: prioritySchema.default('normal'),
  state: z.enum(['active', 'paused']).default('active'),
})

export type SubscriptionSettings = z.infer<typeof subscriptionSettingsSchema>

export interface Subscription {
  id: SubscriptionId
  tenantId: TenantId
  endpointId: EndpointId
  /** Empty: events of every source, and published ones. */
  sourceIds: SourceId[]
  /** Empty: every type. */
  eventTypes: string[]
  priority: z.infer<typeof prioritySchema>
  state: 'active' | 'paused'
  /** Milliseconds. Events received before are none of this subscription's, however late they are routed. */
  createdAt: number
}
