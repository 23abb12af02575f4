/** Calls the management API of a server started here. */
export interface Management {
  post<T>(path: string, body: unknown): Promise<T>
  get<T>(path: string): Promise<T>
  text(path: string): Promise<string>
  patch<T>(path: string, body: unknown): Promise<T>
}

export function managementOf({ url, rootToken }: { url: string; rootToken: string }): Management {
  const headers = { authorization: `Bearer ${rootToken}`, 'content-type': 'application/json' }

  async function ask(path: string, init: RequestInit): Promise<string> {
    const response = await fetch(`${url}${path}`, { ...init, headers })
    const text = await response.text()
    if (!response.ok) throw new Error(`${init.method} ${path} answered ${response.status}: ${text}`)
    return text
  }

  const call = async <T>(path: string, init: RequestInit) => JSON.parse(await ask(path, init)) as T

  return {
    post: (path, body) => call(path, { method: 'POST', body: JSON.stringify(body) }),
    patch: (path, body) => call(path, { method: 'PATCH', body: JSON.stringify(body) }),
    get: (path) => call(path, { method: 'GET' }),
    text: (path) => ask(path, { method: 'GET' }),
  }
}
