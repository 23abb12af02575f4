/** Calls the management API of a server started here. */
export interface Management {
  post<T>(path: string, body: unknown): Promise<T>
  get<T>(path: string): Promise<T>
  patch<T>(path: string, body: unknown): Promise<T>
}

export function managementOf({ url, rootToken }: { url: string; rootToken: string }): Management {
  const headers = { authorization: `Bearer ${rootToken}`, 'content-type': 'application/json' }

  async function call<T>(path: string, init: RequestInit): Promise<T> {
    const response = await fetch(`${url}${path}`, { ...init, headers })
    const text = await response.text()
    if (!response.ok) throw new Error(`${init.method} ${path} answered ${response.status}: ${text}`)
    return JSON.parse(text) as T
  }

  return {
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
    patch: (path, body) => call(path, { method: 'PATCH', body: JSON.stringify(body) }),
    get: (path) => call(path, { method: 'GET' }),
  }
}
