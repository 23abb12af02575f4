import { z } from 'zod'
import { aggregateSchema } from './batch.ts'
import { idSchema, type EndpointId, type EventId, type SubscriptionId, type TenantId } from './id.ts'
import { transformSchema } from './transform.ts'

/** An event type or a pattern over dotted segments: `lead.created`, `lead.*`, `*`. */
export const eventTypePatternSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^(\*|[^\s*]+|[^\s*]+\.\*)$/, 'an event type, a prefix with .* at its end, or *')

export const prioritySchema = z.enum(['high', 'normal', 'low'])

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'a time of day such as 08:30')

/** When events are delivered; what comes at another time waits for the next window, or is dropped. */
export const scheduleSchema = z.object({
  timeZone: z.string().min(1).max(64).default('UTC').refine(isTimeZone, 'is no IANA time zone'),
  windows: z
    .array(
      z.object({
        days: z
          .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
          .min(1)
          .max(7),
        from: timeOfDay,
        /** Exclusive, and later than `from` on the same day. */
        to: timeOfDay,
      }),
    )
    .min(1)
    .max(20)
    .refine((windows) => windows.every(({ from, to }) => from < to), 'a window ends before it begins'),
  outside: z.enum(['hold', 'drop']).default('hold'),
})
export type Schedule = z.infer<typeof scheduleSchema>

/** Spreads events over endpoints by weight. The same key always goes to the same one. */
export const balanceSchema = z.object({
  endpoints: z
    .array(z.object({ endpointId: idSchema('ep'), weight: z.int().min(1).max(100).default(1) }))
    .min(1)
    .max(20),
  /** A path as in filters; null: the event's ordering key, else the event itself. */
  key: z.string().min(1).max(300).nullable().default(null),
})

const settingsShape = {
  sourceIds: z.array(idSchema('src')).max(100).default([]),
  eventTypes: z.array(eventTypePatternSchema).max(200).default([]),
  state: z.enum(['active', 'paused']).default('active'),
  /** The language of docs/filters.md, or a list of `{field, operator, value}`. */
  filter: z
    .union([z.record(z.string(), z.unknown()), z.array(z.unknown())])
    .nullable()
    .default(null),
  /** The share of the events that are taken, from 0 to 1: the same ones by every subscription. */
  sampleRate: z.number().min(0).max(1).default(1),
  /** Which of its deliveries an endpoint makes first when it cannot make all at once. Without effect where it keeps an order. */
  priority: prioritySchema.default('normal'),
  transform: transformSchema.nullable().default(null),
  /** Gets what comes while the endpoint's circuit is open or the endpoint is disabled. */
  failoverEndpointId: idSchema('ep').nullable().default(null),
  balance: balanceSchema.nullable().default(null),
  schedule: scheduleSchema.nullable().default(null),
  aggregate: aggregateSchema.nullable().default(null),
}

/** What a caller may set on a subscription; its endpoint stays the one it was made for. */
export const subscriptionSettingsSchema = z.object(settingsShape)

export type SubscriptionSettings = z.infer<typeof subscriptionSettingsSchema>

/** Why a subscription holds its events: its rule failed for one of them. */
export interface Fault {
  error: string
  eventId: EventId | null
  /** Milliseconds. */
  at: number
  /** The rule was changed: what is held is routed again, and new events wait behind it. */
  isReleasing?: boolean
}

type Matching = 'sourceIds' | 'eventTypes' | 'priority' | 'state'
type Rules = Omit<SubscriptionSettings, Matching>

/** As routing knows it. A rule that is not there means what its default does. */
export interface Subscription extends Pick<SubscriptionSettings, Matching>, Partial<Rules> {
  id: SubscriptionId
  tenantId: TenantId
  endpointId: EndpointId
  /** Milliseconds. Events received before are none of this subscription's, however late they are routed. */
  createdAt: number
  /** Of the settings. */
  version?: number
  fault?: Fault | null
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
