import jsonata from 'jsonata'
import { compilePattern } from '../model/pattern.ts'
import { err, ok, type Result } from '../model/result.ts'
import { isObject } from './path.ts'

/** Nodes evaluated for one event. Workers' clocks stand still while code runs, so steps are the time. */
const STEPS_MAX = 50_000
const STACK_MAX = 100
const SEQUENCE_MAX = 20_000
const TEXT_CHARS_MAX = 512 * 1024
/** `$eval` reads code that nobody has checked; the others can be made to take any time or space. */
const REFUSED_FUNCTIONS = new Set(['eval', 'random', 'shuffle'])

export interface Expression {
  /** Rejects with a message for the expression's author. */
  evaluate(input: unknown, bindings: Record<string, unknown>): Promise<unknown>
}

/** No name that an expression could spell. */
const BUDGET = ' budget'
const ENTRY = Symbol.for('jsonata.__evaluate_entry')
const EXIT = Symbol.for('jsonata.__evaluate_exit')

interface Environment {
  lookup(name: string): unknown
}

export function compileExpression(source: string): Result<Expression, string> {
  try {
    const compiled = jsonata(source, { stack: STACK_MAX, sequence: SEQUENCE_MAX })
    const refused = refusalOf(compiled.ast())
    if (refused !== undefined) return err(refused)
    const guard = compiled as unknown as { assign(name: symbol, value: unknown): void }
    guard.assign(ENTRY, (_: unknown, __: unknown, environment: Environment) => spend(environment))
    guard.assign(EXIT, (_: unknown, __: unknown, ___: Environment, result: unknown) => check(result))
    for (const [name, implementation] of Object.entries(BOUNDED)) {
      compiled.registerFunction(name, implementation.run, implementation.signature)
    }
    return ok({
      async evaluate(input, bindings) {
        try {
          return plain(await compiled.evaluate(input, { ...bindings, [BUDGET]: { left: STEPS_MAX } }))
        } catch (error) {
          throw new Error(`jsonata: ${reasonOf(error)}`, { cause: error })
        }
      },
    })
  } catch (error) {
    return err(reasonOf(error))
  }
}

/** In place of those of the library that make a text as long as they are told. */
const BOUNDED = {
  pad: {
    signature: '<s-ns?:s>',
    run(text: string, width: number, char = ' ') {
      if (Math.abs(width) > TEXT_CHARS_MAX) throw new Error('$pad to more than a body may have')
      const fill = char === '' ? ' ' : char
      return width < 0 ? text.padStart(-width, fill) : text.padEnd(width, fill)
    },
  },
  /** `$matches(text, pattern)`: the search that no text can make slow, in place of regular expressions. */
  matches: {
    signature: '<s-s:b>',
    run(text: string, source: string) {
      const pattern = compilePattern(source)
      if (!pattern.ok) throw new Error(`the pattern ${pattern.error}`)
      return pattern.value.isIn(text.slice(0, 4096))
    },
  },
}

/** Walks the syntax tree for what has no bound. */
function refusalOf(node: unknown): string | undefined {
  const todo = [node]
  const seen = new Set<unknown>()
  while (todo.length > 0) {
    const next = todo.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    if (next instanceof RegExp) return 'regular expressions are not available; use $matches(text, "pattern")'
    const { type, value } = next as { type?: unknown; value?: unknown }
    if (type === 'binary' && value === '..') return 'the range operator .. is not available'
    if (type === 'variable' && typeof value === 'string' && REFUSED_FUNCTIONS.has(value)) {
      return `the function $${value} is not available`
    }
    todo.push(...Object.values(next))
  }
  return undefined
}

function spend(environment: Environment): void {
  const budget = environment.lookup(BUDGET)
  if (isObject(budget) && typeof budget['left'] === 'number' && budget['left']-- > 0) return
  throw new Error(`more than ${STEPS_MAX} steps`)
}

function check(result: unknown): void {
  if (typeof result === 'string' && result.length > TEXT_CHARS_MAX) {
    throw new Error(`a text of more than ${TEXT_CHARS_MAX} characters`)
  }
}

/** Without the marks that the library leaves on its sequences, and without functions. */
function plain(result: unknown): unknown {
  if (result === undefined) return undefined
  const json = JSON.stringify(result)
  return json === undefined ? undefined : (JSON.parse(json) as unknown)
}

function reasonOf(error: unknown): string {
  const message = isObject(error) || error instanceof Error ? (error as { message?: unknown }).message : error
  return String(message).split('\n')[0]?.slice(0, 300) ?? ''
}
