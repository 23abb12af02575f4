import { z } from 'zod'
import { randomBytes } from './bytes.ts'

/** Crockford base 32, upper case, without I, L, O and U: the alphabet of ULID. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_CHARS = 10
const RANDOM_CHARS = 16

export type Prefix =
  | 'ten'
  | 'src'
  | 'sub'
  | 'ep'
  | 'evt'
  | 'dlv'
  | 'tok'
  | 'req'
  | 'rej'
  | 'rpl'
  | 'aud'
  | 'era'
  | 'reg'
  | 'bat'
export type Id<P extends Prefix> = `${P}_${string}`
export type TenantId = Id<'ten'> | 'default'
export type SourceId = Id<'src'>
export type SubscriptionId = Id<'sub'>
export type EndpointId = Id<'ep'>
export type EventId = Id<'evt'>
export type DeliveryId = Id<'dlv'>
export type TokenId = Id<'tok'>
export type ReplayId = Id<'rpl'>
export type RegistrationId = Id<'reg'>
export type BatchId = Id<'bat'>

/** `prefix_` and 26 characters: 48 bits of milliseconds, 80 random bits, so ids sort by time (ULID layout). */
export function newId<P extends Prefix>(prefix: P, now: number): Id<P> {
  let random = ''
  for (const byte of randomBytes(RANDOM_CHARS)) random += ALPHABET[byte & 31]
  return `${prefix}_${timePart(now)}${random}`
}

/** The first possible id of a millisecond: a lower bound for ranges over time. */
export function firstIdAt<P extends Prefix>(prefix: P, ms: number): Id<P> {
  return `${prefix}_${timePart(ms)}${'0'.repeat(RANDOM_CHARS)}`
}

/** Milliseconds since the epoch at which the id was made. */
export function timeOfId(id: string): number {
  const start = id.indexOf('_') + 1
  let ms = 0
  for (let i = start; i < start + TIME_CHARS; i++) ms = ms * 32 + ALPHABET.indexOf(id.charAt(i))
  return ms
}

/**
 * The delivery of an event to a subscription always has the same id, whoever computes it and how often: that is
 * what makes `webhook-id` stable and repeats of a hand-over harmless. It keeps the event's time, so a page of
 * deliveries in id order is a page in the order of receipt. The other 80 bits are a hash of both ids, whose
 * inputs are random ids of ours, so it need not resist an attacker.
 */
export function deliveryIdOf(eventId: EventId, subscriptionId: SubscriptionId): DeliveryId {
  const time = eventId.slice(4, 4 + TIME_CHARS)
  const input = `${eventId}${subscriptionId}`
  return `dlv_${time}${hash40(input, 0x9e3779b9)}${hash40(input, 0x7f4a7c15)}`
}

/** A batch is what is in it: the same deliveries in the same order have the same id, and no others have it. */
export function batchIdOf(ids: readonly DeliveryId[]): BatchId {
  const time = ids[0]?.slice(4, 4 + TIME_CHARS) ?? timePart(0)
  const input = ids.join('')
  return `bat_${time}${hash40(input, 0x9e3779b9)}${hash40(input, 0x7f4a7c15)}`
}

export function idSchema<P extends Prefix>(prefix: P): z.ZodType<Id<P>, Id<P>> {
  const pattern = new RegExp(`^${prefix}_[0-9A-HJKMNP-TV-Z]{26}$`)
  return z.string().regex(pattern, `an id of the form ${prefix}_ and 26 characters`) as unknown as z.ZodType<
    Id<P>,
    Id<P>
  >
}

function timePart(ms: number): string {
  let part = ''
  let rest = Math.max(0, Math.floor(ms))
  for (let i = 0; i < TIME_CHARS; i++) {
    part = ALPHABET.charAt(rest % 32) + part
    rest = Math.floor(rest / 32)
  }
  return part
}

/** 40 bits as 8 characters, from two rounds of a multiply-xor hash (the mixing steps of MurmurHash3). */
function hash40(input: string, seed: number): string {
  let a = seed ^ 0xdeadbeef
  let b = seed ^ 0x41c6ce57
  for (let i = 0; i < input.length; i++) {
    const code = input.charCodeAt(i)
    a = Math.imul(a ^ code, 0x85ebca6b)
    b = Math.imul(b ^ code, 0xc2b2ae35)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  let chars = ''
  for (let i = 0; i < 4; i++) {
    chars += ALPHABET.charAt((a >>> (i * 5)) & 31) + ALPHABET.charAt((b >>> (i * 5)) & 31)
  }
  return chars
}
