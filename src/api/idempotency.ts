import { claimKey, keepAnswer, releaseKey, type Claim } from '../db/idempotency.ts'
import { concat, sha256, toHex, utf8, type Bytes } from '../model/bytes.ts'
import type { TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import type { ApiDeps } from './deps.ts'
import type { Answer } from './operation.ts'
import { invalid } from './parse.ts'

interface KeyedRequest {
  tenantId: TenantId
  /** The header as sent. */
  key: string
  url: string
  body: Bytes
  now: number
}

/**
 * Runs a POST once for its key. For 24 hours a repeat with the same path and body gets the first answer again, with
 * `Idempotent-Replayed: true`; with another it is refused. Only success is kept: a request that was refused changed
 * nothing, and its key may be used for the corrected one. Answers are sealed, since they may show a secret.
 *
 * A crash may come between the work and its answer, and then a repeat runs again: `run` is given what stays the same
 * for each of its runs, for work that can be told from new work by it.
 */
export async function runOnce(
  { db, sealer }: Pick<ApiDeps, 'db' | 'sealer'>,
  { tenantId, key, url, body, now }: KeyedRequest,
  run: (onceKey: string) => Promise<Answer>,
): Promise<Answer> {
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw invalid([{ path: 'header.idempotency-key', message: 'must be 1 to 255 visible ASCII characters' }])
  }
  const { pathname, search } = new URL(url)
  const requestHash = toHex(await sha256(concat([utf8(`${pathname}${search}\n`), body])))
  const claim: Claim = { tenantId, key, requestHash, at: now }
  const context = `idempotency/${tenantId}/${key}`
  const claimed = await claimKey(db, claim)
  switch (claimed.kind) {
    case 'other_request':
      throw new ProblemError('idempotency_conflict', 'Use a new key for a new request; keys last 24 hours.')
    case 'under_way':
      throw new ProblemError(
        'idempotency_conflict',
        'The first request with this key has not answered yet.',
        {
          headers: { 'retry-after': '1' },
        },
      )
    case 'answered': {
      const answer = JSON.parse(await sealer.open(claimed.answer, context)) as Answer
      return { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } }
    }
    case 'claimed': {
      const answer = await runOrRelease(db, claim, () => run(`${key} ${requestHash}`))
      const sealed = await sealer.seal(JSON.stringify(answer), context)
      // The request has succeeded, and says so even if its answer cannot be kept.
      await keepAnswer(db, claim, { status: answer.status, answer: sealed }).catch(() => undefined)
      return answer
    }
  }
}

async function runOrRelease(db: D1Database, claim: Claim, run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run()
  } catch (error) {
    // Unreleased, the claim ends by itself.
    await releaseKey(db, claim).catch(() => undefined)
    throw error
  }
}
