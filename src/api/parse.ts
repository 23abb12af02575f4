import type { z } from 'zod'
import { ProblemError, type FieldError } from '../model/problem.ts'

const ERRORS_MAX = 20

/**
 * The value as the schema makes it, or a problem that names each field at fault. Keys that the schema does not know
 * are refused wherever they stand, since a misspelt setting would otherwise be silently without effect; the schemas
 * themselves stay open, so that a row written by a newer version can still be read.
 */
export function parse<S extends z.ZodType>(schema: S, value: unknown, where: 'body' | 'query'): z.output<S> {
  const prefix = where === 'query' ? ['query'] : []
  const result = schema.safeParse(value)
  const errors = result.success
    ? unknownKeys(value, result.data, prefix)
    : result.error.issues.map((issue) => fieldError(issue, prefix))
  if (result.success && errors.length === 0) return result.data
  throw invalid(errors)
}

/** Reports faults of a request that no schema can see. */
export function invalid(errors: FieldError[]): ProblemError {
  const [first] = errors
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const detail = first
    ? `${first.path === '' ? 'The body' : `\`${first.path}\``}: ${first.message}${more}.`
    : ''
  return new ProblemError('invalid_request', detail, { errors: errors.slice(0, ERRORS_MAX) })
}

type Path = readonly PropertyKey[]

function fieldError(issue: z.core.$ZodIssue, prefix: Path): FieldError {
  const path = [...prefix, ...issue.path]
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const closest = issue.errors.reduce((best, each) => (isCloser(each, best) ? each : best))
    const [first] = closest
    if (first) return fieldError(first, path)
  }
  return { path: path.map(String).join('.'), message: issue.message }
}

/** Of the alternatives of a union, the one that has fewer faults is meant, or the one whose fault lies deeper. */
function isCloser(a: readonly z.core.$ZodIssue[], b: readonly z.core.$ZodIssue[]): boolean {
  return a.length === b.length ? depthOf(a) > depthOf(b) : a.length < b.length
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map(({ path }) => path.length))
}

function unknownKeys(input: unknown, output: unknown, path: Path): FieldError[] {
  if (input === output || !isContainer(input) || !isContainer(output)) return []
  return Object.keys(input).flatMap((key) =>
    Object.hasOwn(output, key)
      ? unknownKeys(input[key], output[key], [...path, key])
      : [{ path: [...path, key].map(String).join('.'), message: 'is not known here' }],
  )
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
