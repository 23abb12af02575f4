import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Certificate } from './certificate.ts'

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

/** A real HTTP server, over TLS if it has a certificate, that keeps what it gets and answers as scripted; by default 200 at once. */
export async function startReceiver(
  script: Script = (_, response) => response.end('ok'),
  certificate?: Certificate,
): Promise<Receiver> {
  const received: Received[] = []
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const entry = { at: Date.now(), method, path: url, headers, body: Buffer.concat(parts) }
      received.push(entry)
      script(entry, response, received.length)
    })
  }
  const server = certificate ? createTlsServer(certificate, answer) : createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const origin = certificate ? 'https://localhost' : 'http://127.0.0.1'
  return { url: `${origin}:${port}`, received, close }
}
