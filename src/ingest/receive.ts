import { concat, type Bytes } from '../model/bytes.ts'
import { ProblemError } from '../model/problem.ts'
import type { RawRequest } from '../model/request.ts'
import { BODY_BYTES_MAX, type Source } from '../model/source.ts'

/** The request as a value. The URL is the one that the provider was given, since some providers sign it. */
export async function readRequest(request: Request, source: Source, receivedAt: number): Promise<RawRequest> {
  return {
    method: request.method,
    url: publicUrlOf(request.url, source.settings.publicUrl),
    headers: [...request.headers],
    body: await readBody(request),
    receivedAt,
  }
}

function publicUrlOf(url: string, publicUrl: string | null): string {
  if (publicUrl === null) return url
  const query = url.indexOf('?')
  return query === -1 ? publicUrl : publicUrl + url.slice(query)
}

async function readBody(request: Request): Promise<Bytes> {
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) > BODY_BYTES_MAX) throw tooLarge()
  if (request.body === null) return new Uint8Array(0)
  // A server has already held the sender to the length that it announced.
  if (announced !== null) return new Uint8Array(await request.arrayBuffer())
  return await readCapped(request.body)
}

/** For bodies of unknown length: stops reading at the limit, not after it. */
async function readCapped(stream: ReadableStream<Uint8Array>): Promise<Bytes> {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concat(parts)
    length += value.byteLength
    if (length > BODY_BYTES_MAX) {
      await reader.cancel()
      throw tooLarge()
    }
    parts.push(value)
  }
}

function tooLarge(): ProblemError {
  return new ProblemError(
    'body_too_large',
    `The body may have ${BODY_BYTES_MAX} bytes. Send a reference to larger data.`,
  )
}
