import type { Bytes } from './bytes.ts'
import type { DeliveryId, EndpointId, TenantId } from './id.ts'
import type { HeaderPair } from './request.ts'

/** A longer answer is not handed on: cut off it would be a wrong one. */
export const REPLY_BYTES_MAX = 256 * 1024

/**
 * Why a sender that waits gets no answer of an endpoint: none was there in time (`timeout`), the endpoint takes nothing
 * now (`held`), nothing is delivered (`no_match`), it could not be reached or gave nothing that can be handed on
 * (`unanswered`, `too_large`), too many wait already (`busy`), the request is a repeat whose answer is no longer known
 * (`repeat`), or it holds several events (`batch`).
 */
export type ReplyMiss =
  | 'timeout'
  | 'held'
  | 'no_match'
  | 'unanswered'
  | 'too_large'
  | 'busy'
  | 'repeat'
  | 'batch'

/** The body of an answer, or why it is not to be had. */
export type Whole = Bytes | 'too_large' | 'broken'

/** What an endpoint answered to a delivery. */
export type Reply =
  | { kind: 'answered'; status: number; headers: HeaderPair[]; body: Bytes }
  | { kind: ReplyMiss }

/** A delivery whose answer somebody waits for. `isRepeat`: it may have been answered long ago. */
export interface AwaitedDelivery {
  deliveryId: DeliveryId
  timeoutMs: number
  isRepeat: boolean
}

/** An event whose answer somebody waits for. */
export interface AwaitedEvent {
  tenantId: TenantId
  /** `encodeEvent`, with the body. */
  record: Uint8Array
  /** Null: that of the oldest subscription that takes it. */
  endpointId: EndpointId | null
  timeoutMs: number
  isRepeat: boolean
}

/** RFC 9110 7.6.1, and what the connection to the sender has of its own. */
const OF_THE_CONNECTION =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|content-encoding|date|server|via|cf-.*|hookway-.*)$/i

/** What would speak for our own origin, which is not the endpoint's. */
const OF_THE_ORIGIN =
  /^(set-cookie2?|clear-site-data|service-worker-allowed|strict-transport-security|alt-svc|nel|report-to|reporting-endpoints|content-security-policy.*|x-content-type-options)$/i

/** An endpoint's answer as it is handed on, unless it is none that we could give. */
export function replyOf(
  answer: { statusCode: number; headers: readonly HeaderPair[]; whole?: Whole } | undefined,
): Reply {
  const { statusCode: status = 0, headers = [], whole = 'broken' } = answer ?? {}
  if (status < 200 || status > 599 || whole === 'broken') return { kind: 'unanswered' }
  if (whole === 'too_large') return { kind: 'too_large' }
  const named = new Set(
    headers
      .filter(([name]) => name === 'connection')
      .flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/)),
  )
  const kept = headers.filter(
    ([name]) => !OF_THE_CONNECTION.test(name) && !OF_THE_ORIGIN.test(name) && !named.has(name),
  )
  return { kind: 'answered', status, headers: kept, body: whole }
}
