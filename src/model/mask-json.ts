import { descend, isNamed, type Masked, type MaskPath } from './mask-path.ts'
import { MASK } from './seal.ts'

/** Deeper documents are hidden as a whole. */
const DEPTH_MAX = 100
const SPACE = /[\t\n\r ]*/y
const LITERAL = /-?\d[\d.eE+-]*|true|false|null/y

/**
 * JSON, or several values one after another (lines), with what the paths name replaced where it stands: all else stays
 * as written, also digits that no number holds and members that come twice. Undefined: it cannot be read. `isCut`: its
 * end is missing.
 */
export function maskJson(json: string, paths: readonly MaskPath[], isCut: boolean): Masked | undefined {
  const scanner = new Scanner(json)
  try {
    scanner.scan(paths)
  } catch (stop) {
    if (stop !== END || !isCut) return stop === END || stop === MALFORMED ? undefined : raise(stop)
  }
  return scanner.masked()
}

const END = new Error('the text ends')
const MALFORMED = new Error('not JSON')

function raise(error: unknown): never {
  throw error
}

class Scanner {
  readonly #json: string
  #at = 0
  #depth = 0
  /** Above 0 within what is to be hidden. */
  #hiding = 0
  readonly #ranges: { start: number; end: number }[] = []
  readonly #hidden: string[] = []

  constructor(json: string) {
    this.#json = json.startsWith('\ufeff') ? json.slice(1) : json
  }

  scan(paths: readonly MaskPath[]): void {
    for (this.#skip(SPACE); this.#at < this.#json.length; this.#skip(SPACE)) this.#value(paths)
  }

  masked(): Masked {
    let text = ''
    let from = 0
    for (const { start, end } of this.#ranges) {
      text += `${this.#json.slice(from, start)}"${MASK}"`
      from = end
    }
    return { text: text + this.#json.slice(from), hidden: this.#hidden }
  }

  #value(paths: readonly MaskPath[]): void {
    if (++this.#depth > DEPTH_MAX) throw MALFORMED
    const first = this.#peek()
    if (first === '{') this.#parts('}', () => this.#member(paths))
    else if (first === '[') this.#items(paths)
    else if (first === '"') this.#keep(this.#string())
    else this.#keep(this.#literal())
    this.#depth--
  }

  #items(paths: readonly MaskPath[]): void {
    let index = 0
    this.#parts(']', () => this.#child(descend(paths, String(index++), true)))
  }

  #member(paths: readonly MaskPath[]): void {
    if (this.#peek() !== '"') throw MALFORMED
    const key = this.#string()
    this.#skip(SPACE)
    this.#expect(':')
    this.#skip(SPACE)
    this.#child(descend(paths, key, false))
  }

  #child(paths: readonly MaskPath[]): void {
    if (this.#hiding > 0 || !isNamed(paths)) return this.#value(paths)
    const start = this.#at
    this.#hiding++
    try {
      this.#value([])
    } finally {
      this.#hiding--
      this.#ranges.push({ start, end: this.#at })
    }
  }

  /** What stands between the brackets, separated by commas. */
  #parts(close: string, part: () => void): void {
    this.#at++
    this.#skip(SPACE)
    if (this.#peek() === close) {
      this.#at++
      return
    }
    for (;;) {
      this.#skip(SPACE)
      part()
      this.#skip(SPACE)
      if (this.#peek() === close) break
      this.#expect(',')
    }
    this.#at++
  }

  #string(): string {
    const start = this.#at
    let end = start + 1
    while (end < this.#json.length && this.#json[end] !== '"') end += this.#json[end] === '\\' ? 2 : 1
    const isWhole = end < this.#json.length
    this.#at = isWhole ? end + 1 : this.#json.length
    if (!isWhole) {
      this.#keep(this.#json.slice(start + 1))
      throw END
    }
    try {
      return JSON.parse(this.#json.slice(start, this.#at)) as string
    } catch {
      throw MALFORMED
    }
  }

  #literal(): string {
    const start = this.#at
    if (!this.#skip(LITERAL)) {
      // `tru` at the end of what was cut.
      if (/^[a-z-]{0,4}$/.test(this.#json.slice(start))) this.#end()
      throw MALFORMED
    }
    return this.#json.slice(start, this.#at)
  }

  #keep(scalar: string): void {
    if (this.#hiding > 0) this.#hidden.push(scalar)
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    const isFound = pattern.test(this.#json)
    if (isFound) this.#at = pattern.lastIndex
    return isFound
  }

  #peek(): string {
    return this.#json[this.#at] ?? this.#end()
  }

  #expect(char: string): void {
    if (this.#peek() !== char) throw MALFORMED
    this.#at++
  }

  #end(): never {
    this.#at = this.#json.length
    throw END
  }
}
