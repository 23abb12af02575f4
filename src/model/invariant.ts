/** Stops on a broken assumption of our own. `message` starts with the operation that found it. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant: ${message}`)
}

/** Closes an exhaustive switch: a new member of the union does not compile until it is handled. */
export function unreachable(value: never, where: string): never {
  throw new Error(`invariant: ${where}: unexpected ${JSON.stringify(value)}`)
}
