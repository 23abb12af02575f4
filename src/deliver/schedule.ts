import type { EndpointSettings } from '../model/endpoint.ts'

export interface Facts {
  now: number
  state: EndpointSettings['state']
  inFlight: number
  /** How many attempts may be in flight: the settings, the receiver's window, the circuit. */
  allowance: number
  /** When the circuit lets a probe through; null: it is closed. */
  openUntil: number | null
  /** When the rate permits the next attempt. */
  tokenAt: number
  /** The receiver asked for silence until then. */
  quietUntil: number
  /** The retry that is due first, of those that may start. */
  retry: { position: number; dueAt: number } | undefined
  /** The first delivery of the journal that may start. */
  next: number | undefined
}

export type Choice =
  | { kind: 'retry' | 'next'; position: number }
  /** Nothing may start now. `until`: when to ask again; undefined: when something else happens. */
  | { kind: 'wait'; until: number | undefined }

/** What to send now. Retries that are due go first: they are older than what was not tried. */
export function schedule(facts: Facts): Choice {
  const { now, state, inFlight, allowance, openUntil, tokenAt, quietUntil, retry, next } = facts
  if (state !== 'active' || (retry === undefined && next === undefined))
    return { kind: 'wait', until: undefined }
  if (openUntil !== null && openUntil > now) return { kind: 'wait', until: openUntil }
  if (inFlight >= allowance) return { kind: 'wait', until: undefined }
  const paceAt = Math.max(quietUntil, tokenAt)
  if (paceAt > now) return { kind: 'wait', until: paceAt }
  if (retry !== undefined && retry.dueAt <= now) return { kind: 'retry', position: retry.position }
  if (next !== undefined) return { kind: 'next', position: next }
  return { kind: 'wait', until: retry?.dueAt }
}
