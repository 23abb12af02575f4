import type { Bytes } from './bytes.ts'

/** Name in lower case, value as received; repeated names stay repeated. */
export type HeaderPair = [name: string, value: string]

/** An inbound request as a value: what signatures are checked over, byte for byte. */
export interface RawRequest {
  method: string
  /** The URL that the provider was given, with the query of this request: what URL-signing providers sign. */
  url: string
  headers: HeaderPair[]
  body: Bytes
  /** Milliseconds since the epoch. */
  receivedAt: number
}

/** The first value of a header, or undefined. `name` in lower case. */
export function headerOf(request: Pick<RawRequest, 'headers'>, name: string): string | undefined {
  for (const [key, value] of request.headers) if (key === name) return value
  return undefined
}
