import { ProblemError } from '../model/problem.ts'

/** Concurrent changes to one resource are rare; more in a row than this is a caller's loop. */
const TRIES = 3

/**
 * Changes a stored resource: loads it, refuses when `ifMatch` names another version (RFC 9110, section 13.1.1), and
 * writes the change over the version it was made from, again from the start if that one was replaced meanwhile. A
 * change that answers `current` itself writes nothing.
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
    requireMatch(ifMatch, current)
    const changed = await change(current)
    if (changed === current) return current
    const next = { ...changed, version: current.version + 1 }
    if (await save(next)) return next
  }
  throw new ProblemError('conflict', 'Others are changing the resource at the same time. Try again.')
}

/** Throws `precondition_failed` when `ifMatch` names another version than the stored one, or any where there is none. */
export function requireMatch(ifMatch: string | undefined, stored: { version: number } | undefined): void {
  if (ifMatch === undefined || (stored && isMatch(ifMatch, stored))) return
  throw new ProblemError('precondition_failed', 'Read the resource again and repeat the change on it.', {
    headers: stored ? { etag: etagOf(stored) } : {},
  })
}

/** What a PUT makes of the stored resource: itself when nothing differs, so that repeating it writes nothing. */
export function replaced<R extends { updatedAt: number }>(current: R, fields: Partial<R>, now: number): R {
  const next = { ...current, ...fields }
  return JSON.stringify(next) === JSON.stringify(current) ? current : { ...next, updatedAt: now }
}

export function etagOf({ version }: { version: number }): string {
  return `"${version}"`
}

export function notFound(): ProblemError {
  return new ProblemError('not_found', 'There is no such resource in this tenant.')
}

function isMatch(ifMatch: string, stored: { version: number }): boolean {
  return ifMatch
    .split(',')
    .map((each) => each.trim())
    .some((each) => each === '*' || each === etagOf(stored))
}
