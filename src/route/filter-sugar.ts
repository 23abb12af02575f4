import type { FieldError } from '../model/problem.ts'
import { err, ok, type Result } from '../model/result.ts'
import { isObject } from './path.ts'

/** The operators of the `{field, operator, value}` form, as they are spelled in the wild. */
const OPERATORS: Record<string, string> = {
  equals: '$eq',
  eq: '$eq',
  notEquals: '$ne',
  ne: '$ne',
  in: '$in',
  notIn: '$nin',
  nin: '$nin',
  contains: '$contains',
  startsWith: '$startsWith',
  endsWith: '$endsWith',
  exists: '$exists',
  greaterThan: '$gt',
  gt: '$gt',
  greaterThanOrEqual: '$gte',
  gte: '$gte',
  lessThan: '$lt',
  lt: '$lt',
  lessThanOrEqual: '$lte',
  lte: '$lte',
  regex: '$regex',
  matches: '$regex',
}

/** A filter in the language itself: a list of `{field, operator, value}` means all of them. */
export function sugarOf(given: unknown, at: string): Result<unknown, FieldError> {
  if (Array.isArray(given)) return ok(given.length === 0 ? {} : { $and: given })
  if (!isObject(given) || typeof given['field'] !== 'string' || typeof given['operator'] !== 'string') {
    return ok(given)
  }
  const { field, operator, value, ...rest } = given
  const [extra] = Object.keys(rest)
  if (extra !== undefined) return err({ path: `${at}.${extra}`, message: 'is not known here' })
  const named = String(operator)
  const spelled = named.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const known = Object.hasOwn(OPERATORS, spelled) ? OPERATORS[spelled] : undefined
  if (known === undefined) {
    return err({ path: `${at}.operator`, message: `is none of ${Object.keys(OPERATORS).join(', ')}` })
  }
  return ok({ [String(field)]: { [known]: known === '$exists' ? (value ?? true) : value } })
}
