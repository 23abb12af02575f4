import { z } from 'zod'
import { sumMetrics, type Group } from '../db/metrics.ts'
import { isoTime } from '../model/clock.ts'
import { idSchema } from '../model/id.ts'
import { DAY_MS, percentile, type Counts } from '../model/metrics.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Operation } from './operation.ts'
import { timeQuery } from './page.ts'
import { invalid } from './parse.ts'

const RANGE_MS_MAX = 400 * DAY_MS
const HOURS_RANGE_MS_MAX = 62 * DAY_MS

const metricsQuery = z.object({
  groupBy: z.enum(['endpoint', 'source', 'type', 'country', 'hour', 'day']).optional(),
  interval: z
    .enum(['hour', 'day'])
    .optional()
    .meta({ description: 'A number for each hour or day of each group, instead of one for the range.' }),
  from: timeQuery.optional().meta({ description: 'Default: a day before `to`.' }),
  to: timeQuery.optional().meta({ description: 'Exclusive. Default: now.' }),
  endpointId: idSchema('ep').optional(),
  sourceId: idSchema('src').optional(),
  type: z.string().max(200).optional(),
})

const countsSchema = z.object({
  received: z.int(),
  rejected: z.int(),
  deliveries: z.int(),
  attempts: z.int(),
  delivered: z.int(),
  failed: z.int(),
  retried: z.int(),
  dead: z.int(),
  /** Of attempts, in percent. */
  failureRate: z.number(),
  /** Milliseconds, from a histogram; null: no attempts. */
  latency: z.object({
    average: z.number().nullable(),
    p50: z.number().nullable(),
    p95: z.number().nullable(),
    p99: z.number().nullable(),
  }),
})
const answerSchema = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  groupBy: z.string().nullable(),
  data: z.array(
    countsSchema.extend({
      /** The endpoint, source, type or country; empty: published, or unknown. Null: not grouped by any. */
      key: z.string().nullable(),
      /** The start of the hour or day. */
      at: z.iso.datetime().nullable(),
    }),
  ),
})

export function metricsOperations({ logDb }: ApiDeps): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/metrics',
      summary:
        'Counts and latencies by endpoint, source, type, country, hour or day; hours as long as logs are kept, days for 400 days',
      access: 'metrics',
      query: metricsQuery,
      answers: { status: 200, schema: answerSchema },
      async run({ tenantId, query, now }) {
        const { groupBy, to = now, from = to - DAY_MS, endpointId, sourceId, type } = query
        const isTime = groupBy === 'hour' || groupBy === 'day'
        const interval = isTime ? groupBy : (query.interval ?? 'total')
        checkRange({ from, to, isHourly: interval === 'hour' })
        if (
          endpointId !== undefined &&
          (sourceId !== undefined || type !== undefined || (groupBy && !isTime && groupBy !== 'endpoint'))
        )
          throw invalid([
            { path: 'query.endpointId', message: 'is counted by time alone, not by source, type or country' },
          ])
        const by = groupBy === undefined || isTime ? 'none' : groupBy
        const groups = await sumMetrics(logDb, tenantId, {
          by,
          interval,
          from,
          to,
          endpointId,
          sourceId,
          type,
        })
        const data = groups.map((group) =>
          show(group, { hasKey: by !== 'none', hasTime: interval !== 'total' }),
        )
        return { status: 200, body: { from: isoTime(from), to: isoTime(to), groupBy: groupBy ?? null, data } }
      },
    }),
  ]
}

function checkRange({ from, to, isHourly }: { from: number; to: number; isHourly: boolean }): void {
  if (from >= to) throw invalid([{ path: 'query.from', message: 'must lie before `to`' }])
  const max = isHourly ? HOURS_RANGE_MS_MAX : RANGE_MS_MAX
  if (to - from > max)
    throw invalid([{ path: 'query.from', message: `at most ${max / DAY_MS} days before \`to\`` }])
}

function show({ key, at, counts }: Group, { hasKey, hasTime }: { hasKey: boolean; hasTime: boolean }) {
  return { key: hasKey ? key : null, at: hasTime ? isoTime(at) : null, ...showCounts(counts) }
}

export function showCounts({ durationMs, latency, ...counts }: Counts) {
  const { attempts, failed } = counts
  return {
    ...counts,
    failureRate: attempts === 0 ? 0 : Math.round((failed / attempts) * 10_000) / 100,
    latency: {
      average: attempts === 0 ? null : Math.round(durationMs / attempts),
      p50: percentile(latency, 0.5),
      p95: percentile(latency, 0.95),
      p99: percentile(latency, 0.99),
    },
  }
}
