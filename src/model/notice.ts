import type { DeliveryId } from './id.ts'

/** What the owner of an endpoint is told. `disabled` also disables it. */
export interface Notice {
  kind: 'failing' | 'recovered' | 'disabled'
  reason: string
  /** When it began (ms): the same trouble is told once. */
  since: number
  deliveryId?: DeliveryId
}

/** An event of our own. Told once a day for the same type and key. */
export interface SystemEvent {
  type: `hookway.${string}` | `api.${string}`
  key: string
  data: Record<string, unknown>
}
