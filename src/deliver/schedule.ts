import type { EndpointSettings } from '../model/endpoint.ts'

export interface Facts {
  now: number
  settings: Pick<EndpointSettings, 'state' | 'ordering' | 'concurrency'>
  inFlight: number
  /** The retry that is due first, if any. */
  retry: { position: number; dueAt: number } | undefined
  /** The first delivery of the journal that was not tried, if any. */
  next: number | undefined
  /** The receiver asked for silence until then. */
  quietUntil: number
}

export type Choice =
  | { kind: 'retry' | 'next'; position: number }
  /** Nothing may start now. `until`: when to ask again; undefined: when something else happens. */
  | { kind: 'wait'; until: number | undefined }

/**
 * What to send now. With `ordering: endpoint` a retry blocks everything behind it. Otherwise retries that are due go
 * first: they are older than anything in the journal that was not tried.
 */
export function schedule({ now, settings, inFlight, retry, next, quietUntil }: Facts): Choice {
  const isOrdered = settings.ordering === 'endpoint'
  const hasWork = retry !== undefined || next !== undefined
  if (settings.state !== 'active' || !hasWork) return { kind: 'wait', until: undefined }
  if (inFlight >= (isOrdered ? 1 : settings.concurrency)) return { kind: 'wait', until: undefined }
  if (quietUntil > now) return { kind: 'wait', until: quietUntil }
  if (retry !== undefined && retry.dueAt <= now) return { kind: 'retry', position: retry.position }
  if (next !== undefined && !(isOrdered && retry !== undefined)) return { kind: 'next', position: next }
  return { kind: 'wait', until: retry?.dueAt }
}
