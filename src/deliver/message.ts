import type { Bytes } from '../model/bytes.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import type { Event } from '../model/event.ts'
import type { HeaderPair } from '../model/request.ts'
import { ok, type Result } from '../model/result.ts'
import type { Attempted, AttemptDeps, AttemptInput } from './attempt.ts'
import { recordOf } from './record.ts'
import { bodyOf, composedOf, signedRequest } from './request.ts'

export interface PreparedMessage {
  headers: HeaderPair[]
  body: Bytes
}

/** Speak of the way to a receiver, which a message that is fetched does not go. */
const OF_A_REQUEST = new Set(['user-agent'])
/** Never visited: the template of a URL must be one. */
const NOWHERE = 'https://pull.invalid/'

/** What a push would send, for a consumer that fetches it: the same body, and the headers with the signature. */
export async function prepareMessage(
  input: AttemptInput,
  deps: Pick<AttemptDeps, 'clock' | 'readBody'>,
): Promise<Result<PreparedMessage, Attempted>> {
  const at = deps.clock.now()
  const settings: EndpointSettings = { ...input.settings, method: 'POST' }
  const body = await bodyOf(input, deps)
  const made = body.ok ? await signed({ ...input, settings }, { at, body: body.value }) : body
  if (made.ok) {
    const headers = made.value.headers.filter(([name]) => !OF_A_REQUEST.has(name))
    return ok({ headers, body: made.value.body ?? new Uint8Array(0) })
  }
  const durationMs = Math.max(0, deps.clock.now() - at)
  const { outcome } = made.error
  return { ok: false, error: { outcome, record: recordOf({ at, durationMs, settings, ...made.error }) } }
}

function signed(input: AttemptInput, { at, body }: { at: number; body: Bytes }) {
  const composed = composedOf(input, body)
  return signedRequest(input, { ...composed, event: withoutTarget(composed.event), at, url: NOWHERE })
}

/** A transformation may have chosen a method and a path for the receiver. */
function withoutTarget({ head, body }: Event): Event {
  if (head.made === undefined) return { head, body }
  const { method: _, path: __, ...made } = head.made
  return { head: { ...head, made }, body }
}
