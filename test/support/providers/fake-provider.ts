import { startReceiver, type Received, type Receiver } from '../receiver.ts'

/** A request to a provider's API, its body read as what it says it is. */
export interface Asked {
  method: string
  path: string
  query: URLSearchParams
  headers: Received['headers']
  body: unknown
}

export interface Answered {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

export interface FakeProvider<Hook> {
  url: string
  hooks: Hook[]
  /** Method and path of every request, in order. */
  asked: string[]
  close(): Promise<void>
}

/**
 * A provider's API as a real HTTP server. `answer` is told each request and keeps `hooks`; what it does and says is
 * taken from the provider's documentation, and from its own error texts where that shows none.
 */
export async function startProvider<Hook>(
  answer: (asked: Asked, hooks: Hook[]) => Answered,
): Promise<FakeProvider<Hook>> {
  const hooks: Hook[] = []
  const asked: string[] = []
  const receiver: Receiver = await startReceiver((received, response) => {
    const { pathname, searchParams } = new URL(received.path, 'http://provider')
    asked.push(`${received.method} ${pathname}`)
    const { method, headers } = received
    const answered = answer(
      { method, path: pathname, query: searchParams, headers, body: bodyOf(received) },
      hooks,
    )
    const body = answered.body === undefined ? '' : JSON.stringify(answered.body)
    const type = body === '' ? {} : { 'content-type': 'application/json' }
    response.writeHead(answered.status, { ...type, ...answered.headers }).end(body)
  })
  return { url: receiver.url, hooks, asked, close: receiver.close }
}

/** One page of a list by number, with the `Link` that GitHub and GitLab send; pages are small, so that there are several. */
export function numberedPage<T>(items: readonly T[], { path, query }: Asked, size: number): Answered {
  const page = Number(query.get('page') ?? 1)
  const body = items.slice((page - 1) * size, page * size)
  const link = `<http://elsewhere.example${path}?page=${page + 1}&per_page=${size}>; rel="next", <http://elsewhere.example${path}?page=9>; rel="last"`
  return { status: 200, body, headers: items.length > page * size ? { link } : {} }
}

function bodyOf({ headers, body }: Received): unknown {
  if (body.byteLength === 0) return undefined
  return headers['content-type']?.startsWith('application/json')
    ? JSON.parse(body.toString())
    : new URLSearchParams(body.toString())
}
