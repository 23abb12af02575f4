import type { FieldError } from '../model/problem.ts'
import { err, ok, type Result } from '../model/result.ts'
import { isReservedHeader, methodSchema, type TransformStep } from '../model/transform.ts'
import { compileExpression } from './expression.ts'
import { compileFilter } from './filter.ts'
import { compileLiquid, type LiquidTemplate } from './liquid.ts'
import { findFirst, isObject, parsePath, pick, withValue, type PathStep } from './path.ts'
import { unavailable, Unanswered, type TransformDeps } from './transform-deps.ts'
import type { EventView } from './view.ts'

/** An event between two steps. */
export interface Draft {
  /** As the next step sees it. */
  view: EventView
  /** To set on the delivery; null: not to be sent. */
  headers: Record<string, string | null>
  isBodyChanged: boolean
  /** The body when it is not JSON. */
  text?: string
  contentType?: string
  method?: string
  path?: string
}

export interface Scope {
  tenantId: string
  deps: TransformDeps
}

/** One step, compiled. Null: the event is dropped. Rejects when the step fails. */
export type Run = (draft: Draft, scope: Scope) => Promise<Draft | null> | Draft | null

type Compiled = Result<Run, FieldError[]>
type Step<K extends TransformStep['kind']> = Extract<TransformStep, { kind: K }>

export function compileStep(step: TransformStep, at: string): Compiled {
  switch (step.kind) {
    case 'select':
      return compileSelect(step, at)
    case 'set':
      return compileSet(step, at)
    case 'request':
      return compileRequest(step, at)
    case 'drop':
      return compileDrop(step, at)
    case 'liquid':
      return compileBody(step, at)
    case 'jsonata':
      return compileJsonata(step, at)
    case 'javascript':
      return ok(async (draft, { tenantId, deps }) =>
        withChanges(draft, await deps.runScript({ tenantId, code: step.code }, draft.view)),
      )
    case 'lookup':
      return compileLookup(step, at)
    case 'fetch':
      return compileFetch(step, at)
  }
}

function compileSelect({ fields }: Step<'select'>, at: string): Compiled {
  const paths = pathsOf(fields, `${at}.fields`)
  if (!paths.ok) return paths
  return ok((draft) => withBody(draft, pick(draft.view.body, paths.value) ?? {}))
}

function compileSet({ values }: Step<'set'>, at: string): Compiled {
  const parts: { path: PathStep[]; value: unknown; template: LiquidTemplate | undefined }[] = []
  for (const [field, value] of Object.entries(values)) {
    const path = bodyPath(field, `${at}.values.${field}`)
    if (!path.ok) return path
    const template = templateOf(value, `${at}.values.${field}`)
    if (!template.ok) return template
    parts.push({ path: path.value, value, template: template.value })
  }
  return ok(async (draft) => {
    let { body } = draft.view
    for (const { path, value, template } of parts) {
      body = withValue(body, path, template ? await template.render(draft.view) : value)
    }
    return withBody(draft, body)
  })
}

function compileRequest({ method, path, type, headers = {} }: Step<'request'>, at: string): Compiled {
  const templates = new Map<string, LiquidTemplate>()
  const texts = { path, type, ...prefixed(headers) }
  for (const [name, text] of Object.entries(texts)) {
    if (typeof text !== 'string') continue
    const template = compileLiquid(text)
    if (!template.ok) return err([{ path: `${at}.${name}`, message: template.error }])
    templates.set(name, template.value)
  }
  return ok(async (draft) => {
    const changes: Record<string, unknown> = method === undefined ? {} : { method }
    for (const name of ['path', 'type']) {
      const template = templates.get(name)
      if (template) changes[name] = await template.render(draft.view)
    }
    const set: Record<string, unknown> = {}
    for (const name of Object.keys(headers)) {
      set[name] = (await templates.get(`headers.${name}`)?.render(draft.view)) ?? null
    }
    return withChanges(draft, { ...changes, headers: set })
  })
}

function compileDrop({ when }: Step<'drop'>, at: string): Compiled {
  const filter = compileFilter(when, `${at}.when`)
  if (!filter.ok) return filter
  return ok((draft) => (filter.value.test(draft.view).matches ? null : draft))
}

function compileBody({ body, contentType }: Step<'liquid'>, at: string): Compiled {
  const template = compileLiquid(body)
  if (!template.ok) return err([{ path: `${at}.body`, message: template.error }])
  const isJson = /\bjson\b/i.test(contentType)
  return ok(async (draft) => {
    const text = await template.value.render(draft.view)
    if (!isJson) return { ...withBody(draft, text), text, contentType }
    return { ...withBody(draft, jsonOf(text)), contentType }
  })
}

function compileJsonata({ expression, result }: Step<'jsonata'>, at: string): Compiled {
  const compiled = compileExpression(expression)
  if (!compiled.ok) return err([{ path: `${at}.expression`, message: compiled.error }])
  return ok(async (draft) => {
    const { body, ...rest } = draft.view
    const value = await compiled.value.evaluate(body, rest)
    if (result === 'event') return withChanges(draft, value ?? null)
    if (value === undefined) throw new Error('jsonata: the expression gives nothing')
    return withBody(draft, value)
  })
}

function compileLookup(step: Step<'lookup'>, at: string): Compiled {
  const key = parsePath(step.key)
  if (!key.ok) return err([{ path: `${at}.key`, message: key.error }])
  const into = bodyPath(step.into, `${at}.into`)
  if (!into.ok) return into
  return ok(async (draft, { tenantId, deps }) => {
    const value = findFirst(draft.view, rooted(key.value)) ?? findFirst(draft.view.body, key.value)
    const isKey = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    const found = isKey
      ? await deps.lookup(tenantId, step.table, String(value)).catch((error: unknown) => {
          throw unavailable('lookup', error)
        })
      : undefined
    const entry = found === undefined ? step.default : found
    return entry === undefined ? draft : withBody(draft, withValue(draft.view.body, into.value, entry))
  })
}

function compileFetch(step: Step<'fetch'>, at: string): Compiled {
  const url = compileLiquid(step.url)
  if (!url.ok) return err([{ path: `${at}.url`, message: url.error }])
  const into = bodyPath(step.into, `${at}.into`)
  if (!into.ok) return into
  const { headers, cacheSeconds, timeoutMs } = step
  return ok(async (draft, { tenantId, deps }) => {
    const filled = await url.value.render(draft.view)
    try {
      const answer = await deps.fetchJson({ tenantId, url: filled, headers, cacheSeconds, timeoutMs })
      return withBody(draft, withValue(draft.view.body, into.value, answer))
    } catch (error) {
      if (step.onError === 'skip') return draft
      throw new Unanswered(`fetch: ${error instanceof Error ? error.message : 'no answer'}`)
    }
  })
}

/** The draft with what a script or an expression says is to change; null drops the event. */
function withChanges(draft: Draft, changes: unknown): Draft | null {
  if (changes === null) return null
  if (!isObject(changes)) throw new Error('the result is neither an object nor null')
  const unknown = Object.keys(changes).find((key) => !CHANGEABLE.has(key))
  if (unknown !== undefined)
    throw new Error(`the result has \`${unknown.slice(0, 50)}\`, which is not known here`)
  const { body, type, method, path, headers } = changes
  let next = body === undefined ? draft : withBody(draft, body)
  if (type !== undefined) next = { ...next, view: { ...next.view, type: typeOf(type) } }
  if (method !== undefined) next = { ...next, method: methodOf(method) }
  if (path !== undefined) next = { ...next, path: pathOf(path) }
  return headers === undefined ? next : { ...next, headers: { ...next.headers, ...headersOf(headers) } }
}

const CHANGEABLE = new Set(['body', 'type', 'method', 'path', 'headers'])

function typeOf(type: unknown): string {
  if (typeof type === 'string' && /^[^\s*]{1,200}$/.test(type)) return type
  throw new Error('`type` is not an event type')
}

function methodOf(method: unknown): string {
  const parsed = methodSchema.safeParse(method)
  if (parsed.success) return parsed.data
  throw new Error('`method` is not POST, PUT, PATCH, GET or DELETE')
}

/** A path below the endpoint's URL: a transformation cannot choose another host, nor climb out of its place. */
function pathOf(path: unknown): string {
  const isBelow =
    typeof path === 'string' &&
    /^\/[\x21-\x7e]{0,1000}$/.test(path) &&
    !/(^|\/)(\.|%2e){1,2}(\/|\?|$)|\\|^\/\/|#/i.test(path)
  if (isBelow) return path
  throw new Error('`path` is not a plain path that begins with /')
}

function headersOf(headers: unknown): Record<string, string | null> {
  if (!isObject(headers)) throw new Error('`headers` is not an object')
  const entries = Object.entries(headers).map(([given, value]): [string, string | null] => {
    const name = given.toLowerCase()
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/.test(name) || isReservedHeader(name)) {
      throw new Error(`the header ${name.slice(0, 50)} cannot be set`)
    }
    if (value === null) return [name, null]
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    if (!/^[\t\x20-\x7e]{0,4000}$/.test(text)) throw new Error(`the header ${name} is not visible ASCII`)
    return [name, text]
  })
  return Object.fromEntries(entries)
}

function withBody(draft: Draft, body: unknown): Draft {
  const { text: _, contentType: __, ...rest } = draft
  return { ...rest, view: { ...draft.view, body }, isBodyChanged: true }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`liquid: the result is not JSON: ${text.slice(0, 80)}`)
  }
}

function templateOf(value: unknown, at: string): Result<LiquidTemplate | undefined, FieldError[]> {
  if (typeof value !== 'string' || !value.includes('{{')) return ok(undefined)
  const template = compileLiquid(value)
  return template.ok ? ok(template.value) : err([{ path: at, message: template.error }])
}

/** A path into the body, with or without `body.` before it. */
function bodyPath(field: string, at: string): Result<PathStep[], FieldError[]> {
  const path = parsePath(field)
  if (!path.ok) return err([{ path: at, message: path.error }])
  return ok(withoutBody(path.value))
}

function pathsOf(fields: readonly string[], at: string): Result<PathStep[][], FieldError[]> {
  const paths: PathStep[][] = []
  for (const [index, field] of fields.entries()) {
    const path = bodyPath(field, `${at}.${index}`)
    if (!path.ok) return path
    paths.push(path.value)
  }
  return ok(paths)
}

function withoutBody(path: PathStep[]): PathStep[] {
  const [first] = path
  return first?.kind === 'key' && first.key === 'body' ? path.slice(1) : path
}

/** Only what names a part of the event; a bare field is one of the body. */
function rooted(path: PathStep[]): PathStep[] {
  const [first] = path
  const isRoot =
    first?.kind === 'key' &&
    ['body', 'headers', 'query', 'metadata', 'geo', 'event', 'type'].includes(first.key)
  return isRoot ? path : [{ kind: 'key', key: 'body' }, ...path]
}

function prefixed(headers: Record<string, string | null>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [`headers.${name}`, value]))
}
