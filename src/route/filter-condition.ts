import { compilePattern } from '../model/pattern.ts'
import { err, ok, type Result } from '../model/result.ts'
import { isObject } from './path.ts'

/** Whether the values that a path leads to are as asked; none: the path leads nowhere. */
export type IsMatch = (values: readonly unknown[]) => boolean

const PATTERN_CHARS_MAX = 200
/** Characters searched for one `$regex`: a pattern may take a thousand steps for each. */
const SEARCHED_CHARS_MAX = 4096
const LIST_MAX = 1000
const EXPECTED_CHARS_MAX = 20_000

type Maker = (expected: unknown) => Result<IsMatch, string>

const OPERATORS: Record<string, Maker> = {
  $eq: (expected) => constant(expected, (values) => values.some((value) => isEqual(value, expected))),
  $ne: (expected) => constant(expected, (values) => !values.some((value) => isEqual(value, expected))),
  $in: (expected) => list(expected, (set) => (values) => values.some((value) => set.has(value))),
  $nin: (expected) => list(expected, (set) => (values) => !values.some((value) => set.has(value))),
  $gt: (expected) => comparison(expected, (order) => order > 0),
  $gte: (expected) => comparison(expected, (order) => order >= 0),
  $lt: (expected) => comparison(expected, (order) => order < 0),
  $lte: (expected) => comparison(expected, (order) => order <= 0),
  $contains: (expected) =>
    constant(expected, (values) => values.some((value) => isContained(value, expected))),
  $startsWith: (expected) => onText(expected, (value, start) => value.startsWith(start)),
  $endsWith: (expected) => onText(expected, (value, end) => value.endsWith(end)),
  $exists: (expected) =>
    typeof expected === 'boolean'
      ? ok((values) => values.length > 0 === expected)
      : err('is not true or false'),
  $regex: regex,
}

export function isOperator(name: string): boolean {
  return Object.hasOwn(OPERATORS, name)
}

export function conditionOf(operator: string, expected: unknown): Result<IsMatch, string> {
  return OPERATORS[operator]?.(expected) ?? err('is not an operator')
}

/** Deeply; an array also equals what one of its elements equals. */
function isEqual(value: unknown, expected: unknown): boolean {
  if (isSame(value, expected)) return true
  return Array.isArray(value) && value.some((each) => isSame(each, expected))
}

/** As deep as `expected`, which is ours, so that no payload can make it deep. */
function isSame(value: unknown, expected: unknown): boolean {
  if (value === expected) return true
  if (Array.isArray(expected)) {
    return (
      Array.isArray(value) &&
      value.length === expected.length &&
      expected.every((each, index) => isSame(value[index], each))
    )
  }
  if (!isObject(expected) || !isObject(value)) return false
  const keys = Object.keys(expected)
  return (
    keys.length === Object.keys(value).length &&
    keys.every((key) => Object.hasOwn(value, key) && isSame(value[key], expected[key]))
  )
}

function constant(expected: unknown, isMatch: IsMatch): Result<IsMatch, string> {
  if (expected === undefined) return err('has no value')
  if ((JSON.stringify(expected) ?? '').length > EXPECTED_CHARS_MAX) {
    return err(`is longer than ${EXPECTED_CHARS_MAX} characters of JSON`)
  }
  return ok(isMatch)
}

interface Lookup {
  has(value: unknown): boolean
}

/** Scalars are looked up, so that a long list costs no more than a short one. */
function list(expected: unknown, make: (set: Lookup) => IsMatch): Result<IsMatch, string> {
  if (!Array.isArray(expected) || expected.length > LIST_MAX)
    return err(`is not a list of at most ${LIST_MAX}`)
  const scalars = new Set(expected.filter((each) => typeof each !== 'object' || each === null))
  const rest: unknown[] = expected.filter((each) => typeof each === 'object' && each !== null)
  const has = (value: unknown) => scalars.has(value) || rest.some((each) => isSame(value, each))
  return constant(
    expected,
    make({ has: (value) => has(value) || (Array.isArray(value) && value.some((each) => has(each))) }),
  )
}

/** Numbers with numbers and texts with texts; ISO 8601 times compare as texts do. */
function comparison(expected: unknown, isRight: (order: number) => boolean): Result<IsMatch, string> {
  if (typeof expected !== 'number' && typeof expected !== 'string') return err('is not a number or a text')
  const test = (value: unknown): boolean => {
    if (typeof value === 'number' && typeof expected === 'number') return isRight(value - expected)
    if (typeof value !== 'string' || typeof expected !== 'string') return false
    return isRight(value < expected ? -1 : value > expected ? 1 : 0)
  }
  return ok((values) => values.some((value) => (Array.isArray(value) ? value.some(test) : test(value))))
}

function isContained(value: unknown, expected: unknown): boolean {
  if (typeof value === 'string') return typeof expected === 'string' && value.includes(expected)
  return Array.isArray(value) && value.some((each) => isSame(each, expected))
}

function onText(
  expected: unknown,
  isMatch: (value: string, expected: string) => boolean,
): Result<IsMatch, string> {
  if (typeof expected !== 'string') return err('is not a text')
  const test = (value: unknown) => typeof value === 'string' && isMatch(value, expected)
  return constant(expected, (values) =>
    values.some((value) => (Array.isArray(value) ? value.some(test) : test(value))),
  )
}

function regex(expected: unknown): Result<IsMatch, string> {
  if (typeof expected !== 'string') return err('is not a text')
  if (expected.length > PATTERN_CHARS_MAX) return err(`is longer than ${PATTERN_CHARS_MAX} characters`)
  const pattern = compilePattern(expected)
  if (!pattern.ok) return err(pattern.error)
  return ok((values) => {
    let left = SEARCHED_CHARS_MAX
    return values.flat().some((value) => {
      if (typeof value !== 'string' || left <= 0) return false
      const part = value.slice(0, left)
      left -= part.length + 1
      return pattern.value.isIn(part)
    })
  })
}
