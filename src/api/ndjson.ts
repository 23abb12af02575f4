import { utf8 } from '../model/bytes.ts'
import type { Answer } from './operation.ts'

export const NDJSON = 'application/x-ndjson'
/** Pages of one answer: D1 permits 1,000 queries an invocation, and a page takes two or three. */
const PAGES_MAX = 300
/** The largest page there is, since nobody waits for one alone. */
export const EXPORT_LIMIT = '250'

/** Whether the caller wants a whole list, an item on each line, instead of a page of it. */
export function wantsLines(request: Request): boolean {
  return (request.headers.get('accept') ?? '').includes(NDJSON)
}

/**
 * A list as lines, page after page, read only as fast as the caller takes them. A list longer than one answer may be
 * ends with a line `{"next":"…"}`, to be given as `cursor`. `first` is the first page, so that a refusal still is one.
 */
export function lines(
  first: Answer,
  more: (cursor: string) => Promise<Answer>,
  pagesMax = PAGES_MAX,
): Answer {
  if (!isPage(first.body)) return first
  let page: Page | undefined = first.body
  let pages = 0
  const bytes = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (page === undefined) return controller.close()
      const { data, next }: Page = page
      pages++
      const isCut = next !== null && pages >= pagesMax
      const items: unknown[] = isCut ? [...data, { next }] : data
      controller.enqueue(utf8(items.map((item) => `${JSON.stringify(item)}\n`).join('')))
      page = next === null || isCut ? undefined : await pageAfter(next, more)
    },
  })
  return { status: first.status, bytes, headers: { 'content-type': NDJSON } }
}

interface Page {
  data: unknown[]
  next: string | null
}

async function pageAfter(
  cursor: string,
  more: (cursor: string) => Promise<Answer>,
): Promise<Page | undefined> {
  const { body } = await more(cursor)
  return isPage(body) ? body : undefined
}

function isPage(body: unknown): body is Page {
  return (
    typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data) && 'next' in body
  )
}
