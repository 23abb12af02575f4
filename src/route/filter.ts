import { VIEW } from './view.ts'
import type { FieldError } from '../model/problem.ts'
import { err, ok, type Result } from '../model/result.ts'
import { conditionOf, isOperator } from './filter-condition.ts'
import { findAll, isObject, parsePath, type PathStep } from './path.ts'
import { sugarOf } from './filter-sugar.ts'

/** What decided: where it stands in the filter, and what it asks. */
export interface Clause {
  /** A dotted path into the filter. */
  at: string
  /** The path into the event, for a condition. */
  field?: string
  operator: string
  expected?: unknown
}

export interface Verdict {
  matches: boolean
  by: Clause
}

export interface Filter {
  /** Never throws, whatever the value is, and takes a time bounded by the filter and the size of the value. */
  test(root: unknown): Verdict
}

const CLAUSES_MAX = 200
const DEPTH_MAX = 16
/** Where a path may begin; one that begins with none of these leads into the body. */
const ROOTS = new Set<string>(VIEW)

/** Compiles a filter, or says what is wrong with it and where. docs/filters.md is its description. */
export function compileFilter(source: unknown, at = 'filter'): Result<Filter, FieldError[]> {
  const compiler = new Compiler()
  const filter = compiler.filter(source, at, 0)
  if (compiler.clauses > CLAUSES_MAX) compiler.fault(at, `has more than ${CLAUSES_MAX} conditions`)
  return compiler.faults.length === 0 ? ok(filter) : err(compiler.faults)
}

/** What follows a fault needs no meaning: the whole filter is refused. */
const NOTHING: Filter = { test: () => ({ matches: true, by: { at: '', operator: '$and' } }) }

class Compiler {
  readonly faults: FieldError[] = []
  clauses = 0
  /** Inside `$elemMatch` paths begin at the element. */
  #isElement = false

  fault(path: string, message: string): Filter {
    this.faults.push({ path, message })
    return NOTHING
  }

  filter(given: unknown, at: string, depth: number): Filter {
    if (depth > DEPTH_MAX) return this.fault(at, `nests deeper than ${DEPTH_MAX} levels`)
    const sugar = sugarOf(given, at)
    if (!sugar.ok) return this.fault(sugar.error.path, sugar.error.message)
    const source = sugar.value
    if (!isObject(source)) return this.fault(at, 'is not an object of conditions')
    const parts = Object.entries(source).map(([key, value]) => {
      const below = `${at}.${key}`
      if (key === '$and' || key === '$or' || key === '$nor') return this.#group(key, value, below, depth)
      if (key === '$not') return negated(this.filter(value, below, depth + 1))
      if (key.startsWith('$')) return this.fault(below, 'is no operator that stands here')
      return this.#field(key, value, below, depth)
    })
    const [only] = parts
    return parts.length === 1 && only ? only : all(parts, { at, operator: '$and' })
  }

  #group(operator: '$and' | '$or' | '$nor', value: unknown, at: string, depth: number): Filter {
    if (!Array.isArray(value) || value.length === 0) return this.fault(at, 'is not a list of filters')
    const parts = value.map((each, index) => this.filter(each, `${at}.${index}`, depth + 1))
    const clause = { at, operator }
    if (operator === '$and') return all(parts, clause)
    const any = negated(
      all(
        parts.map((part) => negated(part)),
        clause,
      ),
    )
    return operator === '$or' ? any : negated(any)
  }

  #field(field: string, value: unknown, at: string, depth: number): Filter {
    const path = pathOf(field, this.#isElement)
    if (!path.ok) return this.fault(at, path.error)
    if (!isObject(value) || !Object.keys(value).some((key) => key.startsWith('$'))) {
      return this.#condition({ field, path: path.value, operator: '$eq', expected: value, at, depth })
    }
    const parts = Object.entries(value).map(([operator, expected]) =>
      this.#condition({ field, path: path.value, operator, expected, at: `${at}.${operator}`, depth }),
    )
    const [only] = parts
    return parts.length === 1 && only ? only : all(parts, { at, field, operator: '$and' })
  }

  #condition({ field, path, operator, expected, at, depth }: Condition): Filter {
    this.clauses++
    if (depth > DEPTH_MAX) return this.fault(at, `nests deeper than ${DEPTH_MAX} levels`)
    if (operator === '$not') return negated(this.#negatedField({ field, path, expected, at, depth }))
    if (operator === '$elemMatch') return this.#element({ field, path, operator, expected, at, depth })
    if (!isOperator(operator)) return this.fault(at, 'is not an operator; see docs/filters.md')
    const condition = conditionOf(operator, expected)
    if (!condition.ok) return this.fault(at, condition.error)
    return leaf({ at, field, operator, expected }, path, condition.value)
  }

  #negatedField({ field, path, expected, at, depth }: Omit<Condition, 'operator'>): Filter {
    if (!isObject(expected)) return this.fault(at, 'is not an object of operators')
    const parts = Object.entries(expected).map(([operator, value]) =>
      this.#condition({ field, path, operator, expected: value, at: `${at}.${operator}`, depth: depth + 1 }),
    )
    return all(parts, { at, field, operator: '$and' })
  }

  #element({ field, path, operator, expected, at, depth }: Condition): Filter {
    const outer = this.#isElement
    this.#isElement = true
    const inner = this.filter(expected, at, depth + 1)
    this.#isElement = outer
    const isMatch = (values: readonly unknown[]) =>
      values.some((value) => Array.isArray(value) && value.some((each) => inner.test(each).matches))
    return leaf({ at, field, operator, expected }, path, isMatch)
  }
}

interface Condition {
  field: string
  path: PathStep[]
  operator: string
  expected: unknown
  at: string
  depth: number
}

/** The path from the event's view. Header names are the same in any case. */
function pathOf(field: string, isElement: boolean): Result<PathStep[], string> {
  const parsed = parsePath(field)
  if (!parsed.ok || isElement) return parsed
  const [first, second, ...rest] = parsed.value
  if (first?.kind !== 'key' || !ROOTS.has(first.key))
    return ok([{ kind: 'key', key: 'body' }, ...parsed.value])
  if (first.key !== 'headers' || second?.kind !== 'key') return parsed
  return ok([first, { kind: 'key', key: second.key.toLowerCase() }, ...rest])
}

function leaf(
  clause: Clause,
  path: readonly PathStep[],
  isMatch: (values: readonly unknown[]) => boolean,
): Filter {
  const yes = { matches: true, by: clause }
  const no = { matches: false, by: clause }
  return { test: (root) => (isMatch(findAll(root, path)) ? yes : no) }
}

/** Fails by the first that fails; holds by the last, or by itself when there are several. */
function all(parts: readonly Filter[], clause: Clause): Filter {
  const yes = { matches: true, by: clause }
  return {
    test(root) {
      for (const part of parts) {
        const verdict = part.test(root)
        if (!verdict.matches) return verdict
      }
      return yes
    },
  }
}

function negated(filter: Filter): Filter {
  return {
    test(root) {
      const { matches, by } = filter.test(root)
      return { matches: !matches, by }
    },
  }
}
