import { text } from '../../model/bytes.ts'
import type { FormPair } from './form.ts'

const PARTS_MAX = 100
/** Fields are read for ids and signatures; files and long texts stay in the body only. */
const FIELD_BYTES_MAX = 1024 * 1024

/** The text fields of `multipart/form-data` (RFC 7578) in the order sent; files are left out. */
export function parseMultipart(body: Uint8Array, contentType: string): FormPair[] {
  const [, quoted, bare] = /boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) return []
  // One byte becomes one character, so that offsets are offsets of bytes.
  const latin1 = new TextDecoder('latin1').decode(body)
  const pairs: FormPair[] = []
  let start = latin1.indexOf(`--${boundary}`)
  for (let part = 0; start >= 0 && part < PARTS_MAX; part++) {
    const end = latin1.indexOf(`\r\n--${boundary}`, start)
    const headStart = latin1.indexOf('\r\n', start) + 2
    const headEnd = latin1.indexOf('\r\n\r\n', headStart - 2)
    if (end < 0 || headStart < 2 || headEnd < 0 || headEnd > end) break
    const name = fieldName(latin1.slice(headStart, headEnd))
    const valueStart = headEnd + 4
    if (name !== undefined && end - valueStart <= FIELD_BYTES_MAX) {
      pairs.push([name, text(body.subarray(Math.min(valueStart, end), end))])
    }
    start = end + 2
  }
  return pairs
}

function fieldName(head: string): string | undefined {
  const disposition = /^content-disposition:\s*form-data;(.*)$/im.exec(head)?.[1]
  if (disposition === undefined || /filename\*?=/i.test(disposition)) return undefined
  return /(?:^|[;\s])name="([^"]*)"/i.exec(disposition)?.[1]
}
