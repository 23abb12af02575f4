import type { RunScript } from './isolate.ts'

/** What the steps of transformations need of the rest. */
export interface TransformDeps {
  runScript: RunScript
  /** An entry of the tenant's lookup table; undefined: none. */
  lookup(tenantId: string, table: string, key: string): Promise<unknown>
  /** A GET through the guard, its JSON answer kept for a while. Rejects when there is none. */
  fetchJson(request: Enquiry): Promise<unknown>
}

export interface Enquiry {
  tenantId: string
  url: string
  headers: Record<string, string>
  cacheSeconds: number
  timeoutMs: number
}

/** Thrown by a step that could not ask somebody else: the event is tried again, and the rule is not at fault. */
export class Unanswered extends Error {}

/**
 * Thrown when a part of ours did not answer. The hand-over fails and comes again as a whole, so that no event passes
 * another: only what is outside may keep an event back alone.
 */
export class Unavailable extends Error {}

export function unavailable(step: string, error: unknown): Unavailable {
  return new Unavailable(`${step}: ${error instanceof Error ? error.message : 'no answer'}`, { cause: error })
}
