import type { Outcome } from '../model/attempt.ts'
import type { Bytes } from '../model/bytes.ts'
import type { Event } from '../model/event.ts'
import type { HeaderPair } from '../model/request.ts'
import { err, ok, type Result } from '../model/result.ts'
import type { AttemptDeps, AttemptInput, Tried } from './attempt.ts'
import { compose, type Composition } from './compose.ts'
import { encode } from './encode.ts'
import { isErased } from './erased.ts'
import { prepare, setHeader, type Prepared } from './prepare.ts'
import { signatureHeaders } from './sign.ts'

/** The event's body, or that of a batch's first, fetched if it is stored apart. */
export async function bodyOf(
  input: Pick<AttemptInput, 'event' | 'batch'>,
  { readBody }: Pick<AttemptDeps, 'readBody'>,
): Promise<Result<Bytes, Tried>> {
  const { head, body } = input.event
  if ((input.batch?.items ?? [input]).every(isErased))
    return refused('payload_missing', 'The payload was erased.')
  const whole = head.bodyKey === undefined ? body : await readBody(head.bodyKey)
  return whole === undefined ? refused('payload_missing', 'The payload is no longer stored.') : ok(whole)
}

/** What a request is made of: the event, or what stands for a batch of them. */
interface Whole {
  event: Event
  settings: AttemptInput['settings']
  body: Bytes
  batch?: Composition
}

/** `body`: of the event, or of a batch's first. */
export function composedOf(
  { event, settings, batch: given }: Pick<AttemptInput, 'event' | 'settings' | 'batch'>,
  body: Bytes,
): Whole {
  if (given === undefined) return { event, settings, body }
  const batch = compose(given, settings, body)
  return {
    event: batch.event,
    settings: { ...settings, ...batch.settings },
    body: batch.event.body,
    batch,
  }
}

/** A delivery in the form and the encoding that the endpoint asks for, and signed. */
export async function signedRequest(
  { deliveryId, batch: given, secrets, attempt }: AttemptInput,
  { event, settings, body, batch, at, url }: Whole & { at: number; url: string },
): Promise<Result<Prepared, Tried>> {
  const prepared = prepare({ event, body, url, settings, attempt, ...(batch && { batch }) })
  const encoded = await encode(prepared, settings).catch(() => undefined)
  if (encoded === undefined) return refused('bad_settings', 'The key of `encryption` cannot be used.')
  const signatures = await signatureHeaders({
    signing: settings.signing,
    id: given?.id ?? deliveryId,
    timestamp: Math.floor(at / 1000),
    method: encoded.method,
    url: encoded.url,
    body: encoded.body ?? new Uint8Array(0),
    secrets,
  })
  return ok(withHeaders(encoded, signatures))
}

type Refusal = Extract<Outcome, { kind: 'refused' }>

export function refused(reason: Refusal['reason'], detail: string): Result<never, Tried> {
  return err({ outcome: { kind: 'refused', reason, detail }, error: detail })
}

export function withHeaders(request: Prepared, more: readonly HeaderPair[]): Prepared {
  const headers = [...request.headers]
  for (const [name, value] of more) setHeader(headers, name, value)
  return { ...request, headers }
}
