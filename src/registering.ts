import { exchange } from './deliver/exchange.ts'
import { settingsOf } from './env.ts'
import { after } from './model/clock.ts'
import { err, ok } from './model/result.ts'
import type { Send } from './registrations/registration.ts'

const TIMEOUT_MS = 10_000
/** A page of a hundred hooks is about 100 KB. */
const ANSWER_BYTES_MAX = 512 * 1024

/** How providers' APIs are asked: guarded like a delivery, with a deadline, and no more of the answer than is sensible. */
export function makeSend(env: Env): Send {
  const { checkTarget } = settingsOf(env)
  const deps = { fetch: (url: string, init: RequestInit) => fetch(url, init), after }
  return async (target, init) => {
    const checked = await checkTarget(target)
    if (!checked.ok) return err(checked.error.detail)
    const { href: url } = checked.value
    const answer = await exchange(deps, { url, init, timeoutMs: TIMEOUT_MS, bytesMax: ANSWER_BYTES_MAX })
    if (answer.kind === 'failure') return err(answer.message)
    const { statusCode: status, headers, body, isCut } = answer
    return ok({ status, headers: Object.fromEntries(headers), body, isCut })
  }
}
