import type { Bytes } from '../model/bytes.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import type { Event } from '../model/event.ts'
import { makeHider } from '../model/hide.ts'
import { maskBody } from '../model/mask-body.ts'
import { hiddenIn, VALUES_MAX } from '../model/mask-event.ts'
import { mergeMasking, type Masking } from '../model/masking.ts'
import { headerOf } from '../model/request.ts'
import { MASK } from '../model/seal.ts'
import type { Received } from './exchange.ts'
import type { Parcel } from './parcel.ts'

/** What an attempt's record must not show of its events. */
export interface LogMask {
  /** Names in lower case. */
  headers: readonly string[]
  /** Values of its events; undefined: they cannot be known, since a body cannot be read. */
  values: readonly string[] | undefined
  /** The endpoint's rules, for answers. */
  own: Masking
  /** Those that the events came with. */
  given: Masking | undefined
}

/** An event that goes in a request. */
export interface Member {
  event: Event
  /** Undefined: it is gone. */
  body: Bytes | undefined
}

/** By the rules of every event that goes, and the endpoint's. Undefined: nothing is to be hidden. */
export function logMaskOf(
  members: readonly Member[],
  { masking: own }: EndpointSettings,
): LogMask | undefined {
  const given = mergeMasking(...members.map(({ event }) => event.head.masking))
  const all = mergeMasking(given, own)
  if (!all) return undefined
  return { headers: all.headers, values: valuesIn(members, own), own, given }
}

/** What a consumer said of what it fetched. */
export function maskSaid(said: string, members: Parcel['members'], settings: EndpointSettings): string {
  const events = members.map(({ delivery: { event } }) => event)
  const mask = logMaskOf(
    events.map((event) => ({ event, body: event.body })),
    settings,
  )
  if (!mask) return said
  // One that is stored apart is not here to be looked into.
  const isUnknown = mask.values === undefined || events.some(({ head }) => head.bodyKey !== undefined)
  return isUnknown ? MASK : makeHider(mask.values ?? [], 0)(said)
}

function valuesIn(members: readonly Member[], own: Masking): string[] | undefined {
  const values = new Set<string>()
  for (const { event, body } of members) {
    const rules = mergeMasking(event.head.masking, own)
    // A body that is gone is in no answer either.
    const hidden = body === undefined || !rules ? [] : hiddenIn({ head: event.head, body }, rules)
    if (hidden === undefined) return undefined
    for (const each of hidden) values.add(each)
  }
  return values.size > VALUES_MAX ? undefined : [...values]
}

/** An answer, which most often echoes what it was sent. What the endpoint's own rules cannot be applied to is hidden. */
export function maskAnswer({ headers, body, isCut }: Received, mask: LogMask | undefined): string {
  if (!mask || body === '') return body
  if (mask.values === undefined) return MASK
  const contentType = headerOf({ headers }, 'content-type')
  const own = maskBody(body, { contentType, paths: mask.own.paths, isCut })?.text
  if (own === undefined) return MASK
  return maskBody(own, { contentType, paths: mask.given?.paths ?? [], isCut })?.text ?? own
}
