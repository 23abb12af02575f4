/** A caller of the management API with the root token. Throws on anything but a success. */
export function makeCaller(url: () => string, token: () => string) {
  return async function call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<T> {
    const response = await fetch(`${url()}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }
}

export type Call = ReturnType<typeof makeCaller>

/** Every item of a list, page by page. */
export async function listAll<T>(call: Call, path: string): Promise<T[]> {
  const all: T[] = []
  let cursor = ''
  do {
    const page = await call<{ data: T[]; next: string | null }>(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}limit=250${cursor}`,
    )
    all.push(...page.data)
    cursor = page.next === null ? '' : `&cursor=${encodeURIComponent(page.next)}`
  } while (cursor !== '')
  return all
}
