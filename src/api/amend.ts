import { ProblemError } from '../model/problem.ts'

/** Concurrent changes to one resource are rare; more in a row than this is a caller's loop. */
const TRIES = 3

/**
 * Changes a stored resource: loads it, refuses when `ifMatch` names another version (RFC 9110, section 13.1.1), and
 * writes the change over the version it was made from, again from the start if that one was replaced meanwhile.
 */
export async function amend<R extends { version: number }>({
  ifMatch,
  load,
  change,
  save,
}: {
  ifMatch: string | undefined
  load: () => Promise<R | undefined>
  change: (current: R) => Promise<R> | R
  save: (next: R) => Promise<boolean>
}): Promise<R> {
  for (let i = 0; i < TRIES; i++) {
    const current = await load()
    if (!current) throw notFound()
    if (ifMatch !== undefined && !isMatch(ifMatch, current.version)) {
      throw new ProblemError('precondition_failed', 'Read the resource again and repeat the change on it.', {
        headers: { etag: etagOf(current) },
      })
    }
    const next = { ...(await change(current)), version: current.version + 1 }
    if (await save(next)) return next
  }
  throw new ProblemError('conflict', 'Others are changing the resource at the same time. Try again.')
}

export function etagOf({ version }: { version: number }): string {
  return `"${version}"`
}

export function notFound(): ProblemError {
  return new ProblemError('not_found', 'There is no such resource in this tenant.')
}

function isMatch(ifMatch: string, version: number): boolean {
  return ifMatch
    .split(',')
    .map((each) => each.trim())
    .some((each) => each === '*' || each === etagOf({ version }))
}
