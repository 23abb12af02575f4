import { z } from 'zod'

/** Every public error: its stable code, HTTP status and title. What to do stands in `detail` where it is raised. */
export const PROBLEMS = {
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_request: { status: 400, title: 'The request does not fit its schema' },
  invalid_cursor: { status: 400, title: 'The cursor is not one that this list gave out' },
  target_refused: { status: 400, title: 'The endpoint URL is not a permitted target' },
  unauthenticated: { status: 401, title: 'A valid API token is required' },
  signature_invalid: { status: 401, title: 'The signature of the request is not valid' },
  forbidden: { status: 403, title: 'The token may not do this' },
  address_refused: { status: 403, title: 'The source does not accept requests from this address' },
  not_found: { status: 404, title: 'There is no such resource' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  conflict: { status: 409, title: 'The request conflicts with the present state' },
  idempotency_conflict: { status: 409, title: 'The idempotency key was used for another request' },
  precondition_failed: { status: 412, title: 'The resource has changed since it was read' },
  body_too_large: { status: 413, title: 'The body is larger than allowed' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  secret_required: { status: 422, title: 'A stored secret does not go to a new target by itself' },
  schema_mismatch: { status: 422, title: 'The event does not fit its schema' },
  provider_refused: { status: 422, title: 'The provider refused the request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  quota_exceeded: { status: 429, title: 'The quota of the tenant is used up' },
  internal: { status: 500, title: 'Something failed on our side' },
  provider_unavailable: { status: 503, title: 'The provider cannot be reached, or asks for a pause' },
  unavailable: { status: 503, title: 'A part of the service cannot be reached' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

export interface FieldError {
  /** A dotted path into the request body, or `query.name`. */
  path: string
  message: string
}

/** RFC 9457 problem details, as sent with `application/problem+json`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  requestId: z.string(),
})

/** Stops a request with a public answer. `detail` says what was wrong and what to do; never holds a secret. */
export class ProblemError extends Error {
  readonly code: ProblemCode
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>

  constructor(
    code: ProblemCode,
    detail: string,
    { errors, headers = {} }: { errors?: FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail)
    this.code = code
    this.errors = errors
    this.headers = headers
  }
}

/** As it is told. */
export function problemOf(error: ProblemError, requestId: string): z.infer<typeof problemSchema> {
  const { status, title } = PROBLEMS[error.code]
  return {
    type: `https://hookway.dev/problems/${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    ...(error.errors ? { errors: error.errors } : {}),
    requestId,
  }
}

export function problemResponse(error: ProblemError, requestId: string): Response {
  const problem = problemOf(error, requestId)
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', ...error.headers },
  })
}
