import { equalConstantTime, utf8 } from '../../model/bytes.ts'

/** Whether two texts are the same, in a time that says nothing about where they differ. */
export function sameText(a: string, b: string): boolean {
  return equalConstantTime(utf8(a), utf8(b))
}
