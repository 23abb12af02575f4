import { z } from 'zod'
import { headerValue } from '../model/header.ts'

/** A part of a path: nothing that a server could take for a step upwards, or for more than one part. */
export const pathName = z
  .string()
  .max(200)
  .regex(/^(?!\.+$)[\w.-]+$/, 'letters, digits, `.`, `_` and `-`')

/** What stands in a header. */
export const credential = headerValue.min(1).max(4000)

/** The number of the next page, out of the `Link` header (RFC 8288): the address itself is the server's to choose, and is not followed. */
export function nextPageIn(headers: Readonly<Record<string, string>>): string | undefined {
  const next = headers['link']?.split(',').find((each) => /;\s*rel="?next"?/.test(each))
  return next && /[?&]page=(\d+)/.exec(next)?.[1]
}

/** Each item that is as the schema says. A provider may list things that are no hooks of ours to read. */
export function itemsOf<S extends z.ZodType>(schema: S, items: unknown): z.output<S>[] {
  if (!Array.isArray(items)) return []
  return items.flatMap((item) => {
    const parsed = schema.safeParse(item)
    return parsed.success ? [parsed.data] : []
  })
}

/** The first text at one of these members of a document. */
export function textAt(body: unknown, ...names: string[]): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  for (const name of names) {
    const value = (body as Record<string, unknown>)[name]
    if (typeof value === 'string' && value !== '') return value
    if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  }
  return undefined
}
