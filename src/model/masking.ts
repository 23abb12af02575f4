import { z } from 'zod'
import { parseMaskPath } from './mask-path.ts'

const headerName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'not an HTTP header name')
  .transform((name) => name.toLowerCase())

const path = z
  .string()
  .min(1)
  .max(300)
  .refine(
    (given) => parseMaskPath(given) !== undefined,
    'a JSON pointer (/card/number) or a path (card.number)',
  )

/** What the log and the API show as `***`; never what is delivered. */
export const maskingSchema = z
  .object({
    /** Of requests and of receivers' answers, beside those that are always hidden. */
    headers: z.array(headerName).max(50).default([]),
    /** Into bodies: JSON, lines of JSON, forms and XML. A body that cannot be read is hidden as a whole. */
    paths: z.array(path).max(50).default([]),
  })
  .meta({
    description:
      'What the log and the API show as `***`: headers by name; values in bodies by JSON pointer (`/card/number`) or path (`card.number`), where `*` is any member and `**` any depth.',
  })

export type Masking = z.infer<typeof maskingSchema>

/** All the rules together; undefined: there are none. */
export function mergeMasking(...lists: readonly (Masking | undefined)[]): Masking | undefined {
  const all = (part: keyof Masking) => [...new Set(lists.flatMap((each) => each?.[part] ?? []))]
  const merged = { headers: all('headers'), paths: all('paths') }
  return merged.headers.length + merged.paths.length > 0 ? merged : undefined
}
