import { err, ok, type Result } from './result.ts'

export type Node =
  | { kind: 'char'; accepts: (char: string) => boolean }
  | { kind: 'start' | 'end' }
  | { kind: 'sequence'; parts: Node[] }
  | { kind: 'choice'; options: Node[] }
  | { kind: 'repeat'; of: Node; min: number; max: number }

const COUNT_MAX = 100
const DEPTH_MAX = 20

/** Reads the part of JavaScript's syntax that needs no backtracking: literals, classes, groups, choices, counts, `^`, `$`, a leading `(?i)`. */
export function parsePattern(source: string): Result<Node, string> {
  const ignoresCase = source.startsWith('(?i)')
  const reader = new Reader(Array.from(source.slice(ignoresCase ? 4 : 0)), ignoresCase)
  try {
    const node = choice(reader, 0)
    if (!reader.isAtEnd) throw new Fault('has a ) without its (')
    return ok(node)
  } catch (error) {
    if (error instanceof Fault) return err(error.message)
    throw error
  }
}

/** Never leaves this file. */
class Fault extends Error {}

class Reader {
  readonly #chars: readonly string[]
  readonly ignoresCase: boolean
  #at = 0

  constructor(chars: readonly string[], ignoresCase: boolean) {
    this.#chars = chars
    this.ignoresCase = ignoresCase
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#chars.length
  }

  peek(ahead = 0): string | undefined {
    return this.#chars[this.#at + ahead]
  }

  next(): string {
    const char = this.#chars[this.#at++]
    if (char === undefined) throw new Fault('ends too early')
    return char
  }

  take(expected: string): boolean {
    const isNext = Array.from(expected).every((char, ahead) => this.peek(ahead) === char)
    if (isNext) this.#at += expected.length
    return isNext
  }
}

function choice(reader: Reader, depth: number): Node {
  if (depth > DEPTH_MAX) throw new Fault('has groups nested too deep')
  const options = [sequence(reader, depth)]
  while (reader.take('|')) options.push(sequence(reader, depth))
  const [only] = options
  return options.length === 1 && only ? only : { kind: 'choice', options }
}

function sequence(reader: Reader, depth: number): Node {
  const parts: Node[] = []
  while (!reader.isAtEnd && reader.peek() !== '|' && reader.peek() !== ')') {
    parts.push(repeated(reader, atom(reader, depth)))
  }
  return { kind: 'sequence', parts }
}

function atom(reader: Reader, depth: number): Node {
  const char = reader.next()
  if (char === '(') {
    if (reader.peek() === '?' && !reader.take('?:')) throw new Fault('may have no group but ( and (?:')
    const node = choice(reader, depth + 1)
    if (!reader.take(')')) throw new Fault('has a ( without its )')
    return node
  }
  if (char === '^') return { kind: 'start' }
  if (char === '$') return { kind: 'end' }
  if (char === '.') return { kind: 'char', accepts: (each) => each !== '\n' }
  if (char === '[') return { kind: 'char', accepts: set(reader) }
  if (char === '\\') return { kind: 'char', accepts: escape(reader) }
  if ('*+?{'.includes(char)) throw new Fault(`has a ${char} with nothing to repeat before it`)
  return { kind: 'char', accepts: exactly(char, reader.ignoresCase) }
}

function repeated(reader: Reader, of: Node): Node {
  const [min, max] = counts(reader) ?? []
  if (min === undefined || max === undefined) return of
  // Lazy or not, the same texts are found.
  reader.take('?')
  if ('*+?{'.includes(reader.peek() ?? ' ')) throw new Fault('repeats a repetition: use a group')
  return { kind: 'repeat', of, min, max }
}

function counts(reader: Reader): [min: number, max: number] | undefined {
  if (reader.take('*')) return [0, Infinity]
  if (reader.take('+')) return [1, Infinity]
  if (reader.take('?')) return [0, 1]
  if (!reader.take('{')) return undefined
  let inner = ''
  for (let char = reader.next(); char !== '}'; char = reader.next()) inner += char
  const [, low, comma, high] = /^(\d{1,3})(,(\d{1,3})?)?$/.exec(inner) ?? []
  if (low === undefined) throw new Fault('has a { that is no count: write \\{ for the character')
  const min = Number(low)
  const max = comma === undefined ? min : high === undefined ? Infinity : Number(high)
  if (min > COUNT_MAX || (max !== Infinity && max > COUNT_MAX)) throw new Fault(`counts beyond ${COUNT_MAX}`)
  if (min > max) throw new Fault('has a count whose end is below its start')
  return [min, max]
}

type Accepts = (char: string) => boolean

function set(reader: Reader): Accepts {
  const isNegated = reader.take('^')
  const members: Accepts[] = []
  for (let char = reader.next(); char !== ']'; char = reader.next()) {
    if (char === '\\') members.push(escape(reader))
    else if (reader.peek() === '-' && reader.peek(1) !== ']') {
      reader.next()
      const last = reader.next()
      if (last === '\\' || last < char) throw new Fault('has a range in [] that does not ascend')
      members.push(within(char, last, reader.ignoresCase))
    } else members.push(exactly(char, reader.ignoresCase))
  }
  return (char) => members.some((accepts) => accepts(char)) !== isNegated
}

function exactly(char: string, ignoresCase: boolean): Accepts {
  if (!ignoresCase) return (each) => each === char
  const folded = char.toLowerCase()
  return (each) => each.toLowerCase() === folded
}

function within(first: string, last: string, ignoresCase: boolean): Accepts {
  const isIn = (each: string) => each >= first && each <= last
  return ignoresCase ? (each) => isIn(each.toLowerCase()) || isIn(each.toUpperCase()) : isIn
}

const CLASSES: Record<string, RegExp> = { d: /\d/, D: /\D/, w: /\w/, W: /\W/, s: /\s/, S: /\S/ }
const CONTROLS: Record<string, string> = { n: '\n', r: '\r', t: '\t' }

function escape(reader: Reader): Accepts {
  const char = reader.next()
  const known = CLASSES[char]
  if (known) return (each) => known.test(each)
  const control = CONTROLS[char]
  if (control !== undefined) return (each) => each === control
  if (/[A-Za-z0-9]/.test(char)) throw new Fault(`may not use \\${char}`)
  return (each) => each === char
}
