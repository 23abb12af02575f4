import type { RawRequest } from '../../model/request.ts'
import type { FailureReason, Verification } from '../../model/verification.ts'
import type { KeyStore } from './keys.ts'

/** All that a scheme may look at. Nothing in `request` is trusted; `secrets` and `config` are the owner's. */
export interface Inbound {
  request: RawRequest
  /** Live secrets, newest first; any of them may match. */
  secrets: readonly string[]
  config: Readonly<Record<string, unknown>>
  /** Milliseconds since the epoch. */
  now: number
  keys: KeyStore
}

/** How a provider proves that a request is its own. `verify` returns a verdict for every input and never throws. */
export interface Scheme {
  /** One line for the documentation and the dashboard. */
  readonly summary: string
  /** Places where the bare secret itself travels: they are taken out of what is stored and handed on. */
  readonly reveals?: (config: Inbound['config']) => readonly string[]
  verify(inbound: Inbound): Promise<Verification>
}

export function failed(reason: FailureReason, hint?: string): Verification {
  return hint === undefined ? { verdict: 'failed', reason } : { verdict: 'failed', reason, hint }
}

/** A text setting of the source, or undefined. */
export function configText(config: Inbound['config'], ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = config[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

/** The secrets that may have been used, those in the source's settings included; empty ones never count. */
export function liveSecrets({ secrets, config }: Inbound, settings: readonly string[] = []): string[] {
  const keys = (config['keys'] ?? {}) as Inbound['config']
  const more = settings.map((name) => configText(config, name) ?? configText(keys, name) ?? '')
  return [...secrets, ...more].filter((secret) => secret !== '')
}
