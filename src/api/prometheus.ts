import { sumMetrics, type Group } from '../db/metrics.ts'
import type { TenantId } from '../model/id.ts'
import { LATENCY_BOUNDS_MS, type Counts } from '../model/metrics.ts'

export const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * All that was ever counted for a tenant, as Prometheus reads it (text format 0.0.4), and how often the isolate that
 * answers has read sources from the database: where it grows with the requests, something invents ids.
 */
export async function prometheusText(
  logDb: D1Database,
  { tenantId, now, sourceReads }: { tenantId: TenantId; now: number; sourceReads: number },
): Promise<string> {
  const range = { interval: 'total', from: 0, to: now + 1 } as const
  const [endpoints, sources] = await Promise.all([
    sumMetrics(logDb, tenantId, { by: 'endpoint', ...range }),
    sumMetrics(logDb, tenantId, { by: 'source', ...range }),
  ])
  return [
    ...counter(
      'events_received',
      'Events accepted.',
      sources,
      'source',
      tenantId,
      ({ received }) => received,
    ),
    ...counter(
      'requests_rejected',
      'Requests refused.',
      sources,
      'source',
      tenantId,
      ({ rejected }) => rejected,
    ),
    ...counter('attempts', 'Tries to deliver.', endpoints, 'endpoint', tenantId, ({ attempts }) => attempts),
    ...counter(
      'deliveries_delivered',
      'Tries that succeeded.',
      endpoints,
      'endpoint',
      tenantId,
      ({ delivered }) => delivered,
    ),
    ...counter(
      'attempts_failed',
      'Tries that failed.',
      endpoints,
      'endpoint',
      tenantId,
      ({ failed }) => failed,
    ),
    ...counter(
      'deliveries_dead',
      'Deliveries given up.',
      endpoints,
      'endpoint',
      tenantId,
      ({ dead }) => dead,
    ),
    ...histogram(endpoints, tenantId),
    '# HELP hookway_source_reads_total Reads of sources from the database by this isolate.',
    '# TYPE hookway_source_reads_total counter',
    `hookway_source_reads_total ${sourceReads}`,
    '',
  ].join('\n')
}

// oxlint-disable-next-line max-params -- a line of a table, above
function counter(
  name: string,
  help: string,
  groups: readonly Group[],
  label: string,
  tenantId: TenantId,
  value: (counts: Counts) => number,
): string[] {
  const full = `hookway_${name}_total`
  const labels = (key: string) => `{tenant="${tenantId}",${label}="${key}"}`
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} counter`,
    ...groups.map(({ key, counts }) => `${full}${labels(key)} ${value(counts)}`),
  ]
}

function histogram(groups: readonly Group[], tenantId: TenantId): string[] {
  const name = 'hookway_attempt_duration_seconds'
  const lines = [`# HELP ${name} How long receivers took.`, `# TYPE ${name} histogram`]
  for (const { key, counts } of groups) {
    const labels = `tenant="${tenantId}",endpoint="${key}"`
    let sum = 0
    for (const [i, inside] of counts.latency.entries()) {
      sum += inside
      const bound = LATENCY_BOUNDS_MS[i]
      lines.push(`${name}_bucket{${labels},le="${bound === undefined ? '+Inf' : bound / 1000}"} ${sum}`)
    }
    lines.push(`${name}_sum{${labels}} ${counts.durationMs / 1000}`, `${name}_count{${labels}} ${sum}`)
  }
  return lines
}
