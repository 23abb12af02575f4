import { z } from 'zod'

/** RFC 9110 5.6.2. */
export const headerName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'not an HTTP header name')

export const headerValue = z
  .string()
  .max(4000)
  .regex(/^[\t\x20-\x7e]*$/, 'visible ASCII only')

/** Ours or the connection's: the framing of the message, our own identification, and what the platform owns. */
const RESERVED =
  /^(host|connection|keep-alive|transfer-encoding|te|trailer|upgrade|expect|content-length|content-encoding|proxy-.*|cf-.*|webhook-(id|timestamp|signature)|hookway-.*)$/i

/** A header that the owner of an endpoint may set. */
export const ownHeaderName = headerName.refine((name) => !RESERVED.test(name), 'is set by Hookway itself')
