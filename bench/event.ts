import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'

export const BODY_BYTES = 1024

/** Text without a repetition that could hide a lost or swapped piece. */
const FILLER = randomBytes(48 * 1024).toString('base64')

/** Milliseconds on a clock that all processes of this machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export interface SignedRequest {
  id: string
  bytes: Buffer
  /** Of the body, to compare with what is delivered. */
  digest(): string
}

/** A whole HTTP request as GitHub would send it, with a delivery id of its own, ready for the socket. */
export function signedRequest({
  url,
  secret,
  kind = 'star',
  fields = '',
  bodyBytes = BODY_BYTES,
}: {
  url: URL
  secret: string
  kind?: string
  /** More of the body's first members, as JSON. */
  fields?: string
  bodyBytes?: number
}): SignedRequest {
  const id = randomUUID()
  const start = `{"id":"${id}",${fields}"action":"created","repository":{"full_name":"octo/hello"},"text":"`
  const body = Buffer.from(`${start}${filler(bodyBytes - start.length - 2)}"}`)
  const lines = [
    `POST ${url.pathname} HTTP/1.1`,
    `host: ${url.host}`,
    'content-type: application/json',
    'user-agent: GitHub-Hookshot/bench',
    `x-github-event: ${kind}`,
    `x-github-delivery: ${id}`,
    `x-hub-signature-256: sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    `content-length: ${body.length}`,
  ]
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])
  return { id, bytes, digest: () => digestOf(body) }
}

export function filler(length: number): string {
  return FILLER.repeat(Math.ceil(length / FILLER.length)).slice(0, length)
}

export function digestOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex')
}

/** Whoever wraps the body: the id is the first one in it, near its start. */
export function idIn(body: Buffer): string {
  return /"id":"([0-9a-f-]{36})"/.exec(body.toString('latin1', 0, 2 * BODY_BYTES))?.[1] ?? ''
}
