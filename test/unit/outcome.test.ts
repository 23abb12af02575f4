import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judge } from '../../src/model/answer.ts'
import { classifyNetworkError, parseRetryAfter, RETRY_AFTER_MS_MAX } from '../../src/model/attempt.ts'
import { endpointSettingsSchema } from '../../src/model/endpoint.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const RULES = endpointSettingsSchema.parse({ url: 'https://receiver.example' })

const byDefault = (statusCode: number, retryAfterMs?: number) =>
  judge({ statusCode, body: '', retryAfterMs, control: null }, RULES)

describe('what an answer means', () => {
  it('is decided for every status', () => {
    const kinds = new Map<string, number[]>()
    for (let status = 200; status < 600; status++) {
      const outcome = byDefault(status)
      const key = 'reason' in outcome ? `${outcome.kind} ${outcome.reason}` : outcome.kind
      kinds.set(key, [...(kinds.get(key) ?? []), status])
    }
    const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)
    const retried = [408, 425, 429]
    expect(Object.fromEntries(kinds)).toEqual({
      delivered: range(200, 299),
      'deferred redirect': range(300, 399),
      'deferred busy': retried,
      'rejected gone': [410],
      'rejected client_error': range(400, 499).filter(
        (status) => status !== 410 && !retried.includes(status),
      ),
      'deferred server_error': [...range(500, 524), ...range(527, 599)],
      'deferred tls': [525, 526],
    })
  })

  it('carries the wait that was asked for, where there is another try', () => {
    expect(byDefault(503, 1_000)).toMatchObject({ retryAfterMs: 1_000 })
    expect(byDefault(503)).not.toHaveProperty('retryAfterMs')
    expect(byDefault(404, 1_000)).not.toHaveProperty('retryAfterMs')
  })

  it.each([
    ['TLS handshake failed', 'tls'],
    ['certificate has expired', 'tls'],
    ['DNS lookup failed.', 'dns'],
    ['getaddrinfo ENOTFOUND', 'dns'],
    ['Network connection lost.', 'connection'],
    ['', 'connection'],
  ])('of a network that fails is read from its words: %s', (message, reason) => {
    expect(classifyNetworkError(message, 'https://a.example/')).toEqual({ reason, message })
  })

  it.each(['abc', 'eftls06vv2qev5oh7piffnko', 'sslx0', 'dnsdns'])(
    'of a network that fails without words is a failed handshake where TLS is spoken, whatever the reference spells: %s',
    (reference) => {
      const said = `internal error; reference = ${reference}`
      const message = `The TLS handshake failed (${said}).`
      expect(classifyNetworkError(said, 'https://a.example/')).toEqual({ reason: 'tls', message })
      expect(classifyNetworkError(said, 'http://a.example/').reason).toBe('connection')
    },
  )
})

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    [' 120 ', 120_000],
    ['86400', RETRY_AFTER_MS_MAX],
    ['9999999999', RETRY_AFTER_MS_MAX],
    ['Sun, 22 Nov 2026 12:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['Tue, 22 Nov 2050 12:00:00 GMT', RETRY_AFTER_MS_MAX],
  ])('is a number of seconds or a date, and at most a day: %s', (value, ms) => {
    expect(parseRetryAfter(value, NOW)).toBe(ms)
  })

  it.each(['', '-1', '1.5', '1e3', '0x10', '12345678901', 'soon', '1 2', '2026-11-22T12:00:30Z', 'Infinity'])(
    'is ignored when it is neither: %s',
    (value) => {
      expect(parseRetryAfter(value, NOW)).toBeUndefined()
    },
  )

  it('never throws, and never makes us come early or stay away for ever', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat().map(String), fc.date().map(String)), (value) => {
        const ms = parseRetryAfter(value, NOW)
        if (ms !== undefined) expect(ms >= 0 && ms <= RETRY_AFTER_MS_MAX).toBe(true)
      }),
    )
    expect(parseRetryAfter(null, NOW)).toBeUndefined()
  })
})
