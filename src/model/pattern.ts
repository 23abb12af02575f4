import { err, ok, type Result } from './result.ts'
import { parsePattern, type Node } from './pattern-syntax.ts'

/** States of a compiled pattern. Time is at most this many steps for each character, whatever the text. */
const STATES_MAX = 1000

export interface Pattern {
  /** Whether the pattern is found anywhere in the text. */
  isIn(text: string): boolean
}

/**
 * A regular expression for text from strangers: searched with all alternatives at once (Thompson's construction), so
 * that no text can make it take longer than its length times the size of the pattern. What needs backtracking, that
 * is back references and looking around, is not in the syntax.
 */
export function compilePattern(source: string): Result<Pattern, string> {
  const parsed = parsePattern(source)
  if (!parsed.ok) return parsed
  const states: State[] = []
  if (!emit(parsed.value, states)) return err('is too large: use smaller counts')
  states.push({ kind: 'found' })
  return ok({ isIn: (text) => search(states, text) })
}

type State =
  | { kind: 'char'; accepts: (char: string) => boolean }
  | { kind: 'start' | 'end' | 'found' }
  | { kind: 'jump'; to: number[] }

/** Appends the states of a node, whose end is the next state to come. False: there are too many. */
function emit(node: Node, states: State[]): boolean {
  if (states.length > STATES_MAX) return false
  switch (node.kind) {
    case 'char':
    case 'start':
    case 'end':
      states.push(node)
      return true
    case 'sequence':
      return node.parts.every((part) => emit(part, states))
    case 'choice':
      return emitChoice(node.options, states)
    case 'repeat':
      return emitRepeat(node, states)
  }
}

function emitChoice(options: readonly Node[], states: State[]): boolean {
  const fork: number[] = []
  const exits: number[][] = []
  states.push({ kind: 'jump', to: fork })
  for (const option of options) {
    fork.push(states.length)
    if (!emit(option, states)) return false
    const exit: number[] = []
    exits.push(exit)
    states.push({ kind: 'jump', to: exit })
  }
  for (const exit of exits) exit.push(states.length)
  return true
}

function emitRepeat({ of, min, max }: Extract<Node, { kind: 'repeat' }>, states: State[]): boolean {
  for (let i = 0; i < min; i++) if (!emit(of, states)) return false
  if (max === Infinity) {
    const fork = states.length
    const to = [fork + 1]
    states.push({ kind: 'jump', to })
    if (!emit(of, states)) return false
    states.push({ kind: 'jump', to: [fork] })
    to.push(states.length)
    return true
  }
  const skips: number[][] = []
  for (let i = min; i < max; i++) {
    const to = [states.length + 1]
    skips.push(to)
    states.push({ kind: 'jump', to })
    if (!emit(of, states)) return false
  }
  for (const skip of skips) skip.push(states.length)
  return true
}

function search(states: readonly State[], text: string): boolean {
  const chars = Array.from(text)
  let current = new Set<number>()
  for (let at = 0; at <= chars.length; at++) {
    const place = { isStart: at === 0, isEnd: at === chars.length }
    if (reach(0, { states, into: current, place })) return true
    const char = chars[at]
    if (char === undefined) break
    const next = new Set<number>()
    const after = { isStart: false, isEnd: at + 1 === chars.length }
    for (const index of current) {
      const state = states[index]
      if (state?.kind === 'char' && state.accepts(char)) {
        if (reach(index + 1, { states, into: next, place: after })) return true
      }
    }
    current = next
  }
  return false
}

/** Adds a state and all that it leads to without a character; true when that is the end of the pattern. */
function reach(
  from: number,
  {
    states,
    into,
    place,
  }: { states: readonly State[]; into: Set<number>; place: { isStart: boolean; isEnd: boolean } },
): boolean {
  const todo = [from]
  for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
    const state = states[index]
    if (state === undefined || into.has(index)) continue
    into.add(index)
    if (state.kind === 'found') return true
    if (state.kind === 'jump') todo.push(...state.to)
    if (state.kind === 'start' && place.isStart) todo.push(index + 1)
    if (state.kind === 'end' && place.isEnd) todo.push(index + 1)
  }
  return false
}
