import { textExact, utf8, type Bytes } from './bytes.ts'
import type { Event, EventHead } from './event.ts'
import { makeHider } from './hide.ts'
import { maskBody } from './mask-body.ts'
import type { Masked } from './mask-path.ts'
import type { Masking } from './masking.ts'
import type { HeaderPair } from './request.ts'
import { MASK } from './seal.ts'

/** Larger ones are hidden as a whole: to read them would cost more than all else. */
const BODY_BYTES_MAX = 2 * 1024 * 1024
/** More of them are not looked for: each costs a search through all that is shown. */
export const VALUES_MAX = 1_000
/** Shorter ones would be found in any text. */
const CHARS_MIN = 4

/** The event as the log and the API show it. */
export function maskEvent({ head, body }: Event, masking: Masking | undefined): Event {
  if (!masking) return { head, body }
  const masked = maskBytes({ head, body }, masking)
  const headers = head.headers && maskHeaders(head.headers, masking)
  // What the body says stands in other places as well: in the path, in what filters see of its changes.
  const values = hiddenIn({ head, body }, masking)
  const hide = values === undefined ? () => MASK : makeHider(values, CHARS_MIN)
  // A document that cannot be read hides the other one as well: they say the same.
  const opened = values === undefined || head.opened === undefined ? undefined : openedIn(head, masking)
  const { opened: _, ...rest } = head
  return {
    head: {
      ...rest,
      ...(opened && { opened: opened.text }),
      ...(headers && {
        headers: headers.map(([name, value]): HeaderPair => [name, values ? hide(value) : value]),
      }),
      ...(head.path !== undefined && { path: hide(head.path) }),
      metadata: (values ? hideDeep(head.metadata, hide) : {}) as EventHead['metadata'],
    },
    body: masked === undefined ? utf8(MASK) : masked.body,
  }
}

/** The values that the rules hide, wherever they may turn up; undefined: it cannot be known. */
export function hiddenIn({ head, body }: Event, masking: Masking): string[] | undefined {
  const masked = maskBytes({ head, body }, masking)
  const opened = openedIn(head, masking)
  if (masked === undefined || opened === undefined) return undefined
  const inHeaders = (head.headers ?? []).filter(([name]) => masking.headers.includes(name))
  const values = [...masked.hidden, ...opened.hidden, ...inHeaders.map(([, value]) => value)]
  return values.length > VALUES_MAX ? undefined : values.filter((each) => each.length >= CHARS_MIN)
}

export function maskHeaders(headers: readonly HeaderPair[], masking: Masking): HeaderPair[] {
  return headers.map(([name, value]) => [name, masking.headers.includes(name.toLowerCase()) ? MASK : value])
}

/** What its sender had encrypted, which what reads the body reads instead of it. */
function openedIn({ opened }: EventHead, { paths }: Masking): Masked | undefined {
  return opened === undefined
    ? { text: '', hidden: [] }
    : maskBody(opened, { contentType: 'application/json', paths })
}

/** Undefined: nobody knows what to hide. */
function maskBytes(
  { head: { contentType }, body }: Event,
  { paths }: Masking,
): { body: Bytes; hidden: string[] } | undefined {
  if (paths.length === 0) return { body, hidden: [] }
  const source = body.byteLength > BODY_BYTES_MAX ? undefined : textExact(body)
  const masked = source === undefined ? undefined : maskBody(source, { contentType, paths })
  return masked && { body: utf8(masked.text), hidden: masked.hidden }
}

function hideDeep(value: unknown, hide: (text: string) => string): unknown {
  if (typeof value === 'string') return hide(value)
  if (Array.isArray(value)) return value.map((each) => hideDeep(each, hide))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hideDeep(inner, hide)]))
}
