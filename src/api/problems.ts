import { PROBLEMS, type ProblemCode } from '../model/problem.ts'
import type { Operation } from './operation.ts'

/** Whatever is called: with a token that is none or has no right, for a tenant that is none, with a query that nobody knows. */
const OF_ALL: readonly ProblemCode[] = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'not_found',
  'rate_limited',
  'internal',
]
const OF_BODIES: readonly ProblemCode[] = ['invalid_json', 'body_too_large', 'unsupported_media_type']

/** Where a provider is asked. */
export const OF_PROVIDERS: readonly ProblemCode[] = ['provider_refused', 'provider_unavailable', 'conflict']

/** The codes that the operation may answer, and no other, by their status. */
export function problemsOf({
  method,
  body,
  isList,
  takesCredentials,
  problems = [],
}: Operation): Map<number, ProblemCode[]> {
  const codes = new Set([...OF_ALL, ...problems])
  if (body) for (const code of OF_BODIES) codes.add(code)
  if (isList) codes.add('invalid_cursor')
  if (takesCredentials) for (const code of OF_PROVIDERS) codes.add(code)
  if (method === 'POST') codes.add('idempotency_conflict')
  if (method === 'PATCH' || method === 'PUT') codes.add('precondition_failed').add('conflict')
  const known = Object.keys(PROBLEMS) as ProblemCode[]
  return Map.groupBy(
    known.filter((code) => codes.has(code)),
    (code) => PROBLEMS[code].status,
  )
}
