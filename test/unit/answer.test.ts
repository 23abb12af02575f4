import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { judge, retryOnSchema, successSchema, type Answer } from '../../src/model/answer.ts'
import { statusRulesSchema } from '../../src/model/status-rules.ts'

const rulesSchema = z.object({ success: successSchema.prefault({}), retryOn: retryOnSchema })

function judged(answer: Partial<Answer>, rules: z.input<typeof rulesSchema> = {}) {
  const whole: Answer = { statusCode: 200, body: '', retryAfterMs: undefined, control: null, ...answer }
  return judge(whole, rulesSchema.parse(rules))
}

describe('an answer by default', () => {
  it.each([
    [200, 'delivered', undefined],
    [204, 'delivered', undefined],
    [299, 'delivered', undefined],
    [301, 'deferred', 'redirect'],
    [400, 'rejected', 'client_error'],
    [404, 'rejected', 'client_error'],
    [408, 'deferred', 'busy'],
    [425, 'deferred', 'busy'],
    [429, 'deferred', 'busy'],
    [500, 'deferred', 'server_error'],
    [501, 'deferred', 'server_error'],
    [599, 'deferred', 'server_error'],
  ])('%i is %s', (statusCode, kind, reason) => {
    const outcome = judged({ statusCode })
    expect(outcome).toEqual({ kind, statusCode, ...(reason ? { reason } : {}) })
  })

  it('410 is the end of the endpoint', () => {
    expect(judged({ statusCode: 410 })).toEqual({
      kind: 'rejected',
      statusCode: 410,
      reason: 'gone',
      disable: true,
    })
  })

  it('carries Retry-After when it is tried again', () => {
    expect(judged({ statusCode: 503, retryAfterMs: 7 })).toMatchObject({ kind: 'deferred', retryAfterMs: 7 })
    expect(judged({ statusCode: 400, retryAfterMs: 7 })).not.toHaveProperty('retryAfterMs')
  })
})

describe('success', () => {
  it('takes the statuses it is given', () => {
    const success = { statuses: ['200-299', '!204', '409'] }
    expect(judged({ statusCode: 409 }, { success }).kind).toBe('delivered')
    expect(judged({ statusCode: 204 }, { success })).toMatchObject({
      kind: 'rejected',
      reason: 'unexpected_status',
    })
    expect(judged({ statusCode: 410 }, { success: { statuses: ['410'] } }).kind).toBe('delivered')
  })

  it('asks for a text or a pattern in the body, and tries again without it', () => {
    expect(judged({ body: '{"ok":true}' }, { success: { bodyContains: '"ok":true' } }).kind).toBe('delivered')
    const success = { bodyMatches: '"ok"\\s*:\\s*true' }
    expect(judged({ body: '{"ok" : true}' }, { success }).kind).toBe('delivered')
    expect(judged({ body: '{"ok":false}' }, { success })).toEqual({
      kind: 'deferred',
      statusCode: 200,
      reason: 'unexpected_body',
    })
    expect(judged({ body: 'no' }, { success, retryOn: ['!200'] }).kind).toBe('rejected')
  })

  it('refuses a pattern that it cannot bound', () => {
    const at = (bodyMatches: string) => rulesSchema.safeParse({ success: { bodyMatches } })
    expect(at('(a)\\1').error?.issues).toMatchObject([
      { path: ['success', 'bodyMatches'], message: 'may not use \\1' },
    ])
  })
})

describe('retryOn', () => {
  it('lets the last rule that matches decide', () => {
    const retryOn = ['400-599', '!500-599', '502', '!404']
    const kinds = [400, 404, 410, 500, 502].map((statusCode) => judged({ statusCode }, { retryOn }).kind)
    expect(kinds).toEqual(['deferred', 'rejected', 'deferred', 'rejected', 'deferred'])
    expect(judged({ statusCode: 500 }, { retryOn })).toMatchObject({ reason: 'server_error' })
  })

  it.each(['', '5xx', '99', '600', '599-500', '!!500', '!', '200 ', '2000', '200-'])(
    'refuses %j by its place',
    (rule) => {
      const { error } = z.object({ retryOn: statusRulesSchema }).safeParse({ retryOn: ['500', rule] })
      expect(error?.issues[0]?.path).toEqual(['retryOn', 1])
    },
  )
})

describe('webhook-delivery', () => {
  it('ends a delivery that would be tried again', () => {
    const control = 'abort-message'
    expect(judged({ statusCode: 500, control })).toEqual({
      kind: 'rejected',
      statusCode: 500,
      reason: 'aborted',
    })
    expect(judged({ statusCode: 404, control })).toMatchObject({ reason: 'client_error' })
    expect(judged({ statusCode: 200, control }).kind).toBe('delivered')
  })

  it('disables the endpoint, whatever became of this delivery', () => {
    expect(judged({ control: 'Disable' })).toEqual({ kind: 'delivered', statusCode: 200, disable: true })
    expect(judged({ statusCode: 500, control: 'disable' })).toMatchObject({ kind: 'deferred', disable: true })
    expect(judged({ statusCode: 500, control: 'abort-message, disable' })).toMatchObject({
      kind: 'rejected',
      reason: 'aborted',
      disable: true,
    })
  })

  it('means nothing with words that it does not know', () => {
    expect(judged({ statusCode: 500, control: 'please stop' })).toEqual(judged({ statusCode: 500 }))
  })
})
