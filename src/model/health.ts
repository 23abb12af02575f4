import { z } from 'zod'

export const healthStatusSchema = z.enum(['healthy', 'degraded', 'failed'])
export type HealthStatus = z.infer<typeof healthStatusSchema>

/** In percent. Under the first an endpoint is healthy, over the second it has failed. */
export const DEGRADED_RATE = 5
export const FAILED_RATE = 25
/** Failures in a row from which on it has failed; fewer, and it is degraded. */
export const FAILED_COUNT = 3

export interface HealthFacts {
  /** Failures since the last success. */
  failureCount: number
  /** Tries of the window, and how many of them failed. */
  tries: number
  failures: number
  /** It was given up, or cannot work as it is set. */
  isDown: boolean
}

export interface Verdict {
  status: HealthStatus
  /** 0 to 100. */
  failureRate: number
  recommendations: string[]
}

/** Healthy, degraded or failed, and what to do, by the thresholds above. */
export function judge({ failureCount, tries, failures, isDown }: HealthFacts): Verdict {
  const failureRate = tries === 0 ? 0 : Math.round((failures / tries) * 10_000) / 100
  const status =
    isDown || failureCount >= FAILED_COUNT || failureRate > FAILED_RATE
      ? 'failed'
      : failureCount > 0 || failureRate >= DEGRADED_RATE
        ? 'degraded'
        : 'healthy'
  return { status, failureRate, recommendations: RECOMMENDATIONS[status] }
}

const RECOMMENDATIONS: Record<HealthStatus, string[]> = {
  healthy: [],
  degraded: ['Monitor for additional failures', 'Check integration connection'],
  failed: ['Verify webhook secret', 'Check provider configuration', 'Retry failed events'],
}
