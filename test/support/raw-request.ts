import { request } from 'node:http'

export interface RawAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** One request as it is given: nothing of its path, its headers or its method is set right on the way. */
export async function sendRaw(
  base: string,
  {
    method,
    path,
    headers = {},
    body,
  }: { method: string; path: string; headers?: Record<string, string | string[]>; body?: Uint8Array },
): Promise<RawAnswer> {
  const { hostname, port } = new URL(base)
  return await new Promise<RawAnswer>((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': body.byteLength }
    const sending = request({
      hostname,
      port,
      method,
      path,
      headers: { ...bytesOf(headers), ...length },
      agent: false,
    })
    sending.on('error', reject).on('response', (response) => {
      const parts: Buffer[] = []
      response.on('error', reject).on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => {
        const { statusCode = 0, rawHeaders } = response
        const pairs = rawHeaders.flatMap((name, i) =>
          i % 2 === 0 ? [[name.toLowerCase(), rawHeaders[i + 1] ?? '']] : [],
        )
        resolve({
          status: statusCode,
          headers: Object.fromEntries(pairs) as Record<string, string>,
          body: Buffer.concat(parts).toString(),
        })
      })
    })
    sending.end(body)
  })
}

/** Node writes one byte for each character; senders write UTF-8. */
function bytesOf(headers: Record<string, string | string[]>): Record<string, string | string[]> {
  const encode = (value: string): string => Buffer.from(value).toString('latin1')
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(encode) : encode(value),
    ]),
  )
}
