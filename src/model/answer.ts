import { z } from 'zod'
import type { AnswerReason, Outcome } from './attempt.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { remembered } from './remembered.ts'
import { decides, statusRulesSchema } from './status-rules.ts'

/** 2xx alone says yes. */
const SUCCESS = ['200-299']
/** A redirect is never followed, and a maintenance page passes; 408, 425 and 429 ask for another try; 5xx is trouble. */
const RETRIED = ['300-399', '408', '425', '429', '500-599']

const patternSchema = z
  .string()
  .min(1)
  .max(500)
  .superRefine((source, context) => {
    const compiled = compilePattern(source)
    if (!compiled.ok) context.addIssue({ code: 'custom', message: compiled.error })
  })

/** What counts as delivered: a status, and when given a text or a pattern in the part of the body that is read. */
export const successSchema = z.object({
  statuses: statusRulesSchema.default(SUCCESS),
  bodyContains: z.string().min(1).max(500).optional(),
  bodyMatches: patternSchema.optional(),
})

export const retryOnSchema = statusRulesSchema.default(RETRIED)

export interface AnswerRules {
  success: z.infer<typeof successSchema>
  retryOn: readonly string[]
}

export interface Answer {
  statusCode: number
  /** As much of it as was read, as text. */
  body: string
  retryAfterMs: number | undefined
  /** The header `webhook-delivery`. */
  control: string | null
}

/**
 * What an answer means. 410 says that nobody wants deliveries any more, unless the rules speak of it. The receiver may
 * steer with `webhook-delivery` (proposed for Standard Webhooks, in use by Svix): `abort-message` ends a delivery that
 * would be tried again, `disable` ends them all.
 */
export function judge(answer: Answer, { success, retryOn }: AnswerRules): Outcome {
  const { statusCode, retryAfterMs, control } = answer
  const asked = new Set((control ?? '').split(',').map((each) => each.trim().toLowerCase()))
  const disable = asked.has('disable') ? { disable: true as const } : {}
  const isExpected = decides(success.statuses, statusCode) === true
  if (isExpected && isBodyExpected(answer.body, success)) return { kind: 'delivered', statusCode, ...disable }
  const retried = decides(retryOn, statusCode)
  if (statusCode === 410 && retried === undefined && !isExpected) {
    return { kind: 'rejected', statusCode, reason: 'gone', disable: true }
  }
  const reason = isExpected ? 'unexpected_body' : reasonOf(statusCode)
  // A body that says no beside a status that says yes is most often a passing fault of the application behind it.
  const isRetried = retried ?? isExpected
  if (!isRetried || asked.has('abort-message')) {
    return { kind: 'rejected', statusCode, reason: isRetried ? 'aborted' : reason, ...disable }
  }
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs }
  return { kind: 'deferred', statusCode, reason, ...wait, ...disable }
}

function reasonOf(statusCode: number): AnswerReason {
  if (statusCode < 300) return 'unexpected_status'
  if (statusCode < 400) return 'redirect'
  if (statusCode === 408 || statusCode === 425 || statusCode === 429) return 'busy'
  // What the platform answers in place of a receiver whose handshake or certificate fails.
  if (statusCode === 525 || statusCode === 526) return 'tls'
  return statusCode < 500 ? 'client_error' : 'server_error'
}

function isBodyExpected(body: string, { bodyContains, bodyMatches }: AnswerRules['success']): boolean {
  if (bodyContains !== undefined && !body.includes(bodyContains)) return false
  return bodyMatches === undefined || patternOf(bodyMatches).isIn(body)
}

const PATTERNS_KEPT_MAX = 16

/** A source that was accepted once compiles; should it not, nothing is found. */
const patternOf = remembered(PATTERNS_KEPT_MAX, (source): Pattern => {
  const compiled = compilePattern(source)
  return compiled.ok ? compiled.value : { isIn: () => false }
})
