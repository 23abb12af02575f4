import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  at: number
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

/** How a receiver answers one request; without an answer it hangs until it is closed. */
export type Script = (received: Received, response: ServerResponse, count: number) => void

export interface Receiver {
  url: string
  received: Received[]
  close(): Promise<void>
}

/** A real HTTP server that keeps what it gets and answers as scripted; by default 200 at once. */
export async function startReceiver(script: Script = (_, response) => response.end('ok')): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const entry = { at: Date.now(), method, path: url, headers, body: Buffer.concat(parts) }
      received.push(entry)
      script(entry, response, received.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}`, received, close }
}
