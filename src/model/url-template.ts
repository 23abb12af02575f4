import { z } from 'zod'
import { err, ok, type Result } from './result.ts'

/** Beyond this, servers and proxies differ in what they take. */
const URL_CHARS_MAX = 4096
const VALUE_CHARS_MAX = 500
const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g
const NAME = /^(eventType|eventId|(data|metadata)(\.[^\s.{}]{1,100}){1,10})$/

/** The value of a placeholder such as `eventType` or `data.customer.id`; undefined: the event has none. */
export type Lookup = (name: string) => string | undefined

/** A URL whose path and query may hold `{{eventType}}`, `{{eventId}}`, `{{data.a.b}}` and `{{metadata.x}}`. */
export const urlTemplateSchema = z
  .string()
  .min(1)
  .max(2048)
  .superRefine((url, context) => {
    const message = faultOf(url)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

/** The URL with something in each placeholder: what can be said of a target before there is an event. */
export function sampleUrl(template: string): string {
  return template.replaceAll(PLACEHOLDER, 'x')
}

export function namesIn(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name)
}

/**
 * The URL for one event, its values percent-encoded. No value can leave its place: the host stays the template's, and
 * a value that would make a path segment `.` or `..`, which parsers take as a step upwards, is refused.
 */
export function renderUrl(template: string, lookup: Lookup): Result<string, string> {
  const missing: string[] = []
  const url = template.replaceAll(PLACEHOLDER, (_, name: string) => {
    const value = lookup(name)
    if (value === undefined || value === '' || value.length > VALUE_CHARS_MAX) missing.push(name)
    return encode(value ?? '')
  })
  if (missing.length > 0) {
    return err(`The event has no usable value for ${missing.map((name) => `{{${name}}}`).join(', ')}.`)
  }
  return checked(url, template)
}

/** Holds a URL that was made for an event to the host and the limits of its template. */
export function checked(url: string, template: string): Result<string, string> {
  if (url.length > URL_CHARS_MAX) return err('The URL gets too long with the values of this event.')
  if (!URL.canParse(url)) return err('The URL cannot be parsed with the values of this event.')
  const sample = sampleUrl(template)
  if (hostOf(url) !== hostOf(sample)) return err('The values of this event would change the host.')
  if (climbs(url) && !climbs(sample)) return err('The values of this event would climb out of the path.')
  return ok(url)
}

/** WHATWG URL: also the encoded dots are steps. */
function climbs(url: string): boolean {
  const [path = ''] = url.split(/[?#]/)
  return path.split(/[/\\]/).some((segment) => /^(\.|%2e){1,2}$/i.test(segment))
}

function faultOf(url: string): string | undefined {
  const unknown = namesIn(url).find((name) => !NAME.test(name))
  if (unknown !== undefined) {
    return `{{${unknown}}} is none of {{eventType}}, {{eventId}}, {{data.…}}, {{metadata.…}}`
  }
  if (/\{\{|\}\}/.test(url.replaceAll(PLACEHOLDER, ''))) return 'has {{ without }}, or }} without {{'
  const authority = /^\s*[a-z][a-z0-9+.-]*:[/\\]*[^/\\?#]*/i.exec(url)?.[0] ?? url
  if (authority.includes('{{')) return 'may have placeholders only after the host'
  if (namesIn(url).length > 0 && /[\t\n\r]/.test(url)) return 'may not hold tabs or line ends'
  return undefined
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}

/** A lone surrogate has no encoding. */
function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}
