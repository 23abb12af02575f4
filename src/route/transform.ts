import { text, utf8, type Bytes } from '../model/bytes.ts'
import { INLINE_BODY_BYTES_MAX, type Event } from '../model/event.ts'
import type { FieldError } from '../model/problem.ts'
import { err, ok, type Result } from '../model/result.ts'
import type { Transform } from '../model/transform.ts'
import { Unanswered, Unavailable, type TransformDeps } from './transform-deps.ts'
import { compileStep, type Draft, type Run } from './transform-step.ts'
import { plainView, viewOf } from './view.ts'

/** `later`: something outside did not answer; the event is to be tried again. */
export type Transformed =
  | { kind: 'event'; event: Event; draft: Draft }
  | { kind: 'dropped'; step: number }
  | { kind: 'later'; error: string }
  | { kind: 'failed'; error: string }

export interface TransformProgram {
  /** Rejects when a part of ours did not answer. */
  run(event: Event, deps: TransformDeps): Promise<Transformed>
}

export function compileTransform(
  { steps }: Transform,
  version: number,
  at = 'transform',
): Result<TransformProgram, FieldError[]> {
  const runs: Run[] = []
  const faults: FieldError[] = []
  for (const [index, step] of steps.entries()) {
    const compiled = compileStep(step, `${at}.steps.${index}`)
    if (compiled.ok) runs.push(compiled.value)
    else faults.push(...compiled.error)
  }
  if (faults.length > 0) return err(faults)
  return ok({ run: (event, deps) => run(runs, { event, version }, deps) })
}

async function run(
  runs: readonly Run[],
  { event, version }: { event: Event; version: number },
  deps: TransformDeps,
): Promise<Transformed> {
  const view = plainView(viewOf(event))
  let draft: Draft = { view, headers: {}, isBodyChanged: false }
  for (const [index, step] of runs.entries()) {
    try {
      const next = await step(draft, { tenantId: event.head.tenantId, deps })
      if (next === null) return { kind: 'dropped', step: index }
      draft = next
    } catch (error) {
      if (error instanceof Unavailable) throw error
      const said = `step ${index + 1}: ${error instanceof Error ? error.message : String(error)}`
      return { kind: error instanceof Unanswered ? 'later' : 'failed', error: said.slice(0, 500) }
    }
  }
  return encode(event, draft, version)
}

function encode({ head, body }: Event, draft: Draft, version: number): Transformed {
  const { view, isBodyChanged } = draft
  // A body that stays as it is stays where it is.
  const bytes = isBodyChanged ? bytesOf(draft) : head.bodyKey === undefined ? body : new Uint8Array(0)
  if (isBodyChanged && bytes.byteLength > INLINE_BODY_BYTES_MAX) {
    return { kind: 'failed', error: `the body is larger than ${INLINE_BODY_BYTES_MAX} bytes` }
  }
  const { bodyKey, opened, ...rest } = head
  const contentType = isBodyChanged ? (draft.contentType ?? 'application/json') : head.contentType
  const { type, bodyBytes } = head
  const made = {
    version,
    hasBody: isBodyChanged,
    ...(draft.method === undefined ? {} : { method: draft.method }),
    ...(draft.path === undefined ? {} : { path: draft.path }),
    headers: Object.entries(draft.headers).map(([name, value]): [string, string | null] => [name, value]),
    from: { type, contentType: head.contentType, bodyBytes, ...(bodyKey === undefined ? {} : { bodyKey }) },
  }
  const event: Event = {
    head: {
      ...rest,
      ...(isBodyChanged || bodyKey === undefined ? {} : { bodyKey }),
      ...(isBodyChanged || opened === undefined ? {} : { opened }),
      type: view.type,
      contentType,
      bodyBytes: isBodyChanged ? bytes.byteLength : bodyBytes,
      made,
    },
    body: bytes,
  }
  return { kind: 'event', event, draft }
}

function bytesOf({ view, text: written }: Draft): Bytes {
  if (written !== undefined) return utf8(written)
  const json = JSON.stringify(view.body)
  return utf8(json ?? 'null')
}

/** What a transformation made of an event, as a person reads it. */
export function showEvent({ head, body }: Event): Record<string, unknown> {
  const { method, path, headers = [] } = head.made ?? {}
  const source = text(body)
  return {
    type: head.type,
    contentType: head.contentType,
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    headers: Object.fromEntries(headers),
    ...parsed(source),
  }
}

function parsed(source: string): { body: unknown } {
  try {
    return { body: JSON.parse(source) as unknown }
  } catch {
    return { body: source }
  }
}
