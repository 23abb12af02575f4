import type { Outcome } from '../model/attempt.ts'
import type { Clock } from '../model/clock.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import type { Notice } from '../model/notice.ts'
import { allowance, HEALTHY, observe, type Health } from './health.ts'
import { nextTokenAt, rateOf, refill, type Bucket } from './pace.ts'
import { placesOf, shardsOf } from '../model/shard.ts'

export interface GateState {
  quietUntil: number
  health: Pick<Health, 'failures' | 'failingSince' | 'openUntil' | 'opens'>
  bucket: Bucket | null
}

/** Whether an attempt may start now: the rate, the receiver's wish for silence, its health. */
export class Gate {
  readonly #clock: Clock
  #quietUntil: number
  #health: Health
  /** As of the last attempt: what time adds is no progress that a row must carry. */
  #bucket: Bucket | null
  #refilled: Bucket | null = null

  constructor(clock: Clock, state: GateState | undefined) {
    this.#clock = clock
    this.#quietUntil = state?.quietUntil ?? 0
    this.#health = { ...HEALTHY, ...state?.health }
    this.#bucket = state?.bucket ?? null
  }

  facts(settings: EndpointSettings): {
    now: number
    allowance: number
    openUntil: number | null
    tokenAt: number
    quietUntil: number
  } {
    const now = this.#clock.now()
    return {
      now,
      allowance: allowance(this.#health, now, this.#own(settings)),
      openUntil: this.#health.openUntil,
      tokenAt: this.#tokenAt(settings, now),
      quietUntil: this.#quietUntil,
    }
  }

  /** The earliest time at which anything may start. */
  opensAt(settings: EndpointSettings): number {
    const { openUntil, tokenAt, quietUntil } = this.facts(settings)
    return Math.max(openUntil ?? 0, tokenAt, quietUntil)
  }

  /** As `opensAt`, and never while the endpoint is paused, disabled or polled. Settings that are not here yet hold up nobody. */
  startsFrom(settings: EndpointSettings | undefined): number {
    if (settings === undefined) return 0
    const isSending = settings.state === 'active' && settings.mode !== 'pull'
    return isSending ? this.opensAt(settings) : Infinity
  }

  /** An attempt starts. */
  spend(): void {
    if (this.#refilled) this.#bucket = { ...this.#refilled, tokens: this.#refilled.tokens - 1 }
  }

  quiet(until: number): void {
    this.#quietUntil = Math.max(this.#quietUntil, until)
  }

  /** The owner resumed it: the receiver is trusted again, with one attempt at first. */
  resume(): void {
    this.#health = { ...HEALTHY, window: 1 }
  }

  /** Takes in the end of an attempt; answers with what the owner should hear, if anything. */
  observe(outcome: Outcome, durationMs: number, settings: EndpointSettings): Notice | undefined {
    const now = this.#clock.now()
    if (outcome.kind === 'deferred' && outcome.retryAfterMs !== undefined)
      this.quiet(now + outcome.retryAfterMs)
    const since = this.#health.failingSince ?? now
    if ('disable' in outcome && outcome.disable) {
      const isGone = outcome.kind === 'rejected' && outcome.reason === 'gone'
      const reason = isGone ? 'The receiver answered 410 Gone.' : 'The receiver asked to be left alone.'
      return { kind: 'disabled', reason, since: now }
    }
    const { health, transition } = observe(this.#health, {
      outcome,
      durationMs,
      now,
      settings: this.#own(settings),
    })
    this.#health = health
    switch (transition) {
      case 'opened':
        return { kind: 'failing', reason: `${health.failures} attempts in a row failed.`, since }
      case 'recovered':
        return { kind: 'recovered', reason: 'An attempt succeeded.', since }
      case 'disable':
        return {
          kind: 'disabled',
          reason: `No attempt has succeeded since ${new Date(since).toISOString()}.`,
          since,
        }
      case undefined:
        return undefined
    }
  }

  state(): GateState {
    const { failures, failingSince, openUntil, opens } = this.#health
    return {
      quietUntil: this.#quietUntil,
      health: { failures, failingSince, openUntil, opens },
      bucket: this.#bucket,
    }
  }

  #tokenAt(settings: EndpointSettings, now: number): number {
    const rate = rateOf(settings, shardsOf(settings))
    if (rate === undefined) {
      this.#bucket = null
      this.#refilled = null
      return 0
    }
    this.#refilled = refill(this.#bucket ?? { tokens: rate.capacity, at: now }, rate, now)
    return nextTokenAt(this.#refilled, rate)
  }

  /** This object's share of the endpoint's places. */
  #own(settings: EndpointSettings): EndpointSettings {
    return { ...settings, concurrency: placesOf(settings) }
  }
}
