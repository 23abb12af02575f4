import { err, ok, type Result } from '../model/result.ts'

/** One step of a path: a member, an index, every element, or the elements whose member has a value. */
export type PathStep =
  | { kind: 'key'; key: string }
  | { kind: 'index'; index: number }
  | { kind: 'each' }
  | { kind: 'where'; key: string; value: string }

const PATH_CHARS_MAX = 300
const STEPS_MAX = 32
/** Values looked at for one path: nested arrays multiply, and payloads are strangers'. */
const VISITS_MAX = 10_000

const PART = /\.?(?:([^.[\]]+)|\[(\d+)\]|\[(\*)\]|\["((?:[^"\\]|\\.)*)"\]|\[([^\]=*"]+)=([^\]]*)\])/y

/** `a.b[0].c`, `a[*].b`, `a["odd.key"]`, `changes.customfields[id=105].new_value`. */
export function parsePath(text: string): Result<PathStep[], string> {
  if (text === '') return err('is an empty path')
  if (text.length > PATH_CHARS_MAX) return err(`is longer than ${PATH_CHARS_MAX} characters`)
  const steps: PathStep[] = []
  PART.lastIndex = 0
  for (let at = 0; at < text.length; at = PART.lastIndex) {
    const found = PART.exec(text)
    if (found === null || (at === 0 && text.startsWith('.')))
      return err(`is not a path from character ${at + 1} on`)
    steps.push(stepOf(found))
    if (steps.length > STEPS_MAX) return err(`has more than ${STEPS_MAX} steps`)
  }
  return ok(steps)
}

/** Every value that the path leads to. Arrays on the way are gone through element by element. */
export function findAll(root: unknown, steps: readonly PathStep[]): unknown[] {
  let found: unknown[] = root === undefined ? [] : [root]
  let visits = 0
  for (const step of steps) {
    const next: unknown[] = []
    for (const value of found) {
      for (const each of follow(value, step)) {
        if (++visits > VISITS_MAX) return []
        if (each !== undefined) next.push(each)
      }
    }
    found = next
  }
  return found
}

export function findFirst(root: unknown, steps: readonly PathStep[]): unknown {
  return findAll(root, steps)[0]
}

/** A copy of `root` with the value at a path of plain members, which are made where they are missing. */
export function withValue(root: unknown, [step, ...rest]: readonly PathStep[], value: unknown): unknown {
  if (step === undefined) return value
  if (step.kind === 'index' && Array.isArray(root)) {
    const copy = [...(root as unknown[])]
    if (step.index > copy.length) return root
    copy[step.index] = withValue(copy[step.index], rest, value)
    return copy
  }
  if (step.kind !== 'key' || Array.isArray(root)) return root
  const before = isObject(root) ? root : {}
  const inner = Object.hasOwn(before, step.key) ? before[step.key] : undefined
  return { ...before, [step.key]: withValue(inner, rest, value) }
}

/** The part of `root` that the paths name, at the places where it was. */
export function pick(root: unknown, paths: readonly (readonly PathStep[])[]): unknown {
  const whole = paths.some((path) => path.length === 0)
  if (whole || paths.length === 0) return whole ? root : undefined
  if (Array.isArray(root)) return root.map((each) => pick(each, paths.map(withoutElement)))
  if (!isObject(root)) return undefined
  const picked: Record<string, unknown> = {}
  for (const key of Object.keys(root)) {
    const deeper = paths.flatMap(([first, ...rest]) =>
      first?.kind === 'key' && first.key === key ? [rest] : [],
    )
    const part = pick(root[key], deeper)
    if (part !== undefined) define(picked, key, part)
  }
  return picked
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As an assignment, but `__proto__` is a member like any other. */
export function define(into: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(into, key, { value, enumerable: true, writable: true, configurable: true })
}

function stepOf([, key, index, each, quoted, whereKey, whereValue]: RegExpExecArray): PathStep {
  if (key !== undefined) return { kind: 'key', key }
  if (index !== undefined) return { kind: 'index', index: Number(index) }
  if (each !== undefined) return { kind: 'each' }
  if (quoted !== undefined) return { kind: 'key', key: quoted.replaceAll(/\\(.)/g, '$1') }
  return { kind: 'where', key: whereKey ?? '', value: (whereValue ?? '').replace(/^"(.*)"$/, '$1') }
}

function follow(value: unknown, step: PathStep): unknown[] {
  switch (step.kind) {
    case 'key':
      return member(value, step.key)
    case 'index':
      return Array.isArray(value) ? [(value as unknown[])[step.index]] : []
    case 'each':
      return Array.isArray(value) ? (value as unknown[]) : []
    case 'where': {
      const elements: unknown[] = Array.isArray(value) ? value : [value]
      return elements.filter((each) => member(each, step.key).some((found) => textOf(found) === step.value))
    }
  }
}

function member(value: unknown, key: string): unknown[] {
  if (Array.isArray(value)) {
    if (/^\d{1,9}$/.test(key)) return [(value as unknown[])[Number(key)]]
    return value.flatMap((each) => (isObject(each) && Object.hasOwn(each, key) ? [each[key]] : []))
  }
  return isObject(value) && Object.hasOwn(value, key) ? [value[key]] : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

function withoutElement(path: readonly PathStep[]): readonly PathStep[] {
  const [first] = path
  return first !== undefined && first.kind !== 'key' ? path.slice(1) : path
}
