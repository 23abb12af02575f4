import type { Appended } from '../model/intake.ts'
import type { RawRequest } from '../model/request.ts'
import type { Source } from '../model/source.ts'
import { findProvider } from '../providers/registry.ts'
import { documentOf } from '../providers/scheme/document.ts'
import { atPointer, scalarText } from '../providers/scheme/json.ts'

/** What an answer may draw on. */
export interface Answered {
  source: Source
  request: RawRequest
  /** Of the first event. */
  type: string
  appended: readonly Appended[]
}

const PLACEHOLDER = /\{\{\s*(id|type|body\.(\/[^{}]*))\s*\}\}/g
const VALUE_CHARS_MAX = 1000

/** The answer that the owner configured, else the one that the provider wants, else the id. */
export function respond(answered: Answered, extra: Record<string, string>): Response {
  const { source, appended } = answered
  const own = source.settings.response
  const wanted = findProvider(source.provider)?.answer
  const contentType = own?.contentType ?? wanted?.contentType ?? 'application/json'
  const body =
    own?.body === undefined
      ? (wanted?.body ?? defaultBody(appended))
      : fill(own.body, answered, escapeFor(contentType))
  const status = own?.status ?? wanted?.status ?? 200
  const headers = new Headers({ 'content-type': contentType, ...extra })
  for (const [name, value] of Object.entries(own?.headers ?? {})) {
    headers.set(name, fill(value, answered, visible))
  }
  return new Response(bodiless(status) ? null : body, { status, headers })
}

/** Whether answers of that status have no body. */
export function bodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

function defaultBody(appended: readonly Appended[]): string {
  const [first] = appended
  if (first === undefined) return '{"id":null,"duplicate":false}'
  const duplicate = appended.every((each) => each.duplicate)
  return JSON.stringify({
    id: first.id,
    duplicate,
    ...(appended.length > 1 && { ids: appended.map(({ id }) => id) }),
  })
}

/** What is not there is empty. A repeat gets what the first request got: the id is the first event's. */
function fill(template: string, answered: Answered, escape: (value: string) => string): string {
  return template.replace(PLACEHOLDER, (_, name: string, pointer: string | undefined) =>
    escape(valueOf(name, pointer, answered).slice(0, VALUE_CHARS_MAX)),
  )
}

function valueOf(name: string, pointer: string | undefined, answered: Answered): string {
  if (name === 'id') return answered.appended[0]?.id ?? ''
  if (name === 'type') return answered.type
  const document = documentOf(answered.request)
  const value = 'value' in document ? atPointer(document.value, (pointer ?? '').trim()) : undefined
  return scalarText(value) ?? ''
}

/** The value is the caller's: it stays a value within what the owner wrote around it. */
function escapeFor(contentType: string): (value: string) => string {
  if (/\bjson\b/i.test(contentType)) return (value) => JSON.stringify(value).slice(1, -1)
  if (/^text\/plain\b/i.test(contentType)) return (value) => value
  return (value) => value.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

function visible(value: string): string {
  return value.replace(/[^\x20-\x7e]/g, '')
}
