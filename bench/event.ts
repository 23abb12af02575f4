import { createHmac, randomUUID } from 'node:crypto'

const BODY_BYTES = 1024

/** Milliseconds on a clock that all processes of this machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export interface SignedRequest {
  id: string
  bytes: Buffer
}

/** A whole HTTP request as GitHub would send it, with a delivery id of its own, ready for the socket. */
export function signedRequest({
  url,
  secret,
  fields = '',
}: {
  url: URL
  secret: string
  /** More of the body's first members, as JSON. */
  fields?: string
}): SignedRequest {
  const id = randomUUID()
  const start = `{"id":"${id}",${fields}"action":"created","repository":{"full_name":"octo/hello"},"text":"`
  const body = `${start}${'x'.repeat(BODY_BYTES - start.length - 2)}"}`
  const lines = [
    `POST ${url.pathname} HTTP/1.1`,
    `host: ${url.host}`,
    'content-type: application/json',
    'user-agent: GitHub-Hookshot/bench',
    'x-github-event: star',
    `x-github-delivery: ${id}`,
    `x-hub-signature-256: sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    `content-length: ${body.length}`,
  ]
  return { id, bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`) }
}

/** Whoever wraps the body: the id is the first one in it. */
export function idIn(body: Buffer): string {
  return /"id":"([0-9a-f-]{36})"/.exec(body.toString('latin1'))?.[1] ?? ''
}
