import type { FailureReason } from '../../model/verification.ts'

/** `auto`: seconds or milliseconds, told apart by size. `opaque`: signed, but not a time that can be checked. */
export type TimeUnit = 's' | 'ms' | 'auto' | 'iso' | 'rfc1123' | 'opaque'

/** From here on a number is milliseconds: as seconds it would be the year 5138. */
const MILLISECONDS_FROM = 100_000_000_000

/**
 * Why a timestamp cannot be accepted, or undefined. The window has two ends: most SDKs let the future pass, and so
 * let whoever holds one signed request with a forged clock replay it for ever.
 */
export function timestampFault(
  sent: string,
  { unit, toleranceSeconds, now }: { unit: TimeUnit; toleranceSeconds: number | undefined; now: number },
): { reason: FailureReason; hint?: string } | undefined {
  if (unit === 'opaque') return undefined
  const at = parseTime(sent, unit)
  if (at === undefined) return { reason: 'timestamp_malformed' }
  if (toleranceSeconds === undefined) return undefined
  const ageSeconds = Math.round((now - at) / 1000)
  if (now - at > toleranceSeconds * 1000) {
    return {
      reason: 'timestamp_too_old',
      hint: `timestamp ${ageSeconds} s old, ${toleranceSeconds} s allowed`,
    }
  }
  if (at - now > toleranceSeconds * 1000) {
    return {
      reason: 'timestamp_in_future',
      hint: `timestamp ${-ageSeconds} s ahead, ${toleranceSeconds} s allowed`,
    }
  }
  return undefined
}

/** Milliseconds, or undefined. Only the canonical spelling of a number counts: no sign, space, exponent or leading zero. */
export function parseTime(sent: string, unit: Exclude<TimeUnit, 'opaque'>): number | undefined {
  switch (unit) {
    case 's':
      return scaled(sent, 1000)
    case 'ms':
      return scaled(sent, 1)
    case 'auto':
      return scaled(sent, Number(sent) < MILLISECONDS_FROM ? 1000 : 1)
    case 'iso':
      return ISO.test(sent) ? finite(Date.parse(sent)) : undefined
    case 'rfc1123':
      return RFC1123.test(sent) ? finite(Date.parse(sent)) : undefined
  }
}

/** RFC 3339 section 5.6, with a zone. */
const ISO = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:?\d\d)$/
/** IMF-fixdate of RFC 9110 section 5.6.7, and the numeric zone that some senders write instead of GMT. */
const RFC1123 = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|UTC|[+-]\d{4})$/

function scaled(sent: string, factor: number): number | undefined {
  return /^(0|[1-9]\d{0,14})$/.test(sent) ? Number(sent) * factor : undefined
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
