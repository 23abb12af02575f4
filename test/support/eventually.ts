const EVERY_MS = 50

/** Asks until the answer is not undefined. For what happens in another process, which no clock of ours can move. */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  { withinMs, what }: { withinMs: number; what: () => string },
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}
