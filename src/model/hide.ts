import { MASK } from './seal.ts'

/** Replaces texts wherever they stand, also as a URL or JSON would spell them. */
export function makeHider(texts: readonly string[], charsMin: number): (text: string) => string {
  const long = [...new Set(texts)]
    .filter((each) => each.length >= charsMin)
    .toSorted((a, b) => b.length - a.length)
  const spellings = long.flatMap((each) => [
    ...new Set([each, encodeURIComponent(each.toWellFormed()), JSON.stringify(each).slice(1, -1)]),
  ])
  return (text) => spellings.reduce((hidden, each) => hidden.replaceAll(each, MASK), text)
}
