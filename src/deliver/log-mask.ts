import type { Bytes } from '../model/bytes.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import type { Event } from '../model/event.ts'
import { maskBody } from '../model/mask-body.ts'
import { hiddenIn } from '../model/mask-event.ts'
import { mergeMasking, type Masking } from '../model/masking.ts'
import { headerOf } from '../model/request.ts'
import { MASK } from '../model/seal.ts'
import type { Received } from './exchange.ts'

/** What an attempt's record must not show of its event. */
export interface LogMask {
  /** Names in lower case. */
  headers: readonly string[]
  /** Values of the event; undefined: they cannot be known, since its body cannot be read. */
  values: readonly string[] | undefined
  /** The endpoint's rules, for answers. */
  own: Masking
  /** Those that the event came with. */
  given: Masking | undefined
}

/** Undefined: nothing is to be hidden. */
export function logMaskOf(
  { head }: Event,
  body: Bytes | undefined,
  { masking: own }: EndpointSettings,
): LogMask | undefined {
  const all = mergeMasking(head.masking, own)
  if (!all) return undefined
  // A body that is gone is in no answer either.
  const values = body === undefined ? [] : hiddenIn({ head, body }, all)
  return { headers: all.headers, values, own, given: head.masking }
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
