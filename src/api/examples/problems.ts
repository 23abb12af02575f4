import { PROBLEMS, problemOf, ProblemError, type ProblemCode, type FieldError } from '../../model/problem.ts'

/** One answer for each code, as it might be told. */
export function problemExamples(): Record<string, { summary: string; value: unknown }> {
  const requestId = 'req_01K6Z3V9QFA7C5N8T2W4XJ6RHD'
  return Object.fromEntries(
    Object.entries(DETAILS).map(([code, [detail, ...errors]]) => {
      const error = new ProblemError(code as ProblemCode, detail, errors.length > 0 ? { errors } : {})
      const { title } = PROBLEMS[error.code]
      return [code, { summary: title, value: problemOf(error, requestId) }]
    }),
  )
}

const DETAILS: Record<ProblemCode, [detail: string, ...errors: FieldError[]]> = {
  invalid_json: ['The body is not JSON: stopped at position 11 (line 2, column 10).'],
  invalid_request: ['`name`: is not known here.', { path: 'name', message: 'is not known here' }],
  invalid_cursor: ['Pass the `next` of this list as it was given, or no cursor.'],
  target_refused: ['The address is private.', { path: 'url', message: 'private_address' }],
  unauthenticated: ['The token is not valid. It may have been revoked.'],
  signature_invalid: ['The request is not signed as the source asks.'],
  forbidden: ['The token needs the scope sources:write.'],
  address_refused: ['The source takes no requests from this address.'],
  not_found: ['There is no such resource in this tenant.'],
  method_not_allowed: ['Use POST, GET, HEAD.'],
  conflict: ['Another resource of this kind has the same `uid`.'],
  idempotency_conflict: ['Use a new key for a new request; keys last 24 hours.'],
  precondition_failed: ['Read the resource again and repeat the change on it.'],
  body_too_large: ['The body may have at most 1048576 bytes.'],
  unsupported_media_type: ['Send the body without a content encoding.'],
  secret_required: [
    '`url` changes its origin: give again the secrets that would go there, or leave them out.',
    { path: 'auth.token', message: 'must be given again for the new target' },
  ],
  schema_mismatch: ['`data.email`: must be a string.', { path: 'data.email', message: 'must be a string' }],
  provider_refused: ['GitHub answered 422: Validation Failed.'],
  rate_limited: ['The token may make 60000 requests a minute.'],
  quota_exceeded: ['The tenant has as many endpoints as its quota permits.'],
  internal: ['Try again; if it stays, report the request id.'],
  provider_unavailable: ['GitHub did not answer. Try again later.'],
  unavailable: ['The events could not be stored. Send them again.'],
}
