import { z } from 'zod'
import { getEndpoint } from '../db/endpoints.ts'
import { diagnose, PROBE_RATE_MAX, PROBES_MAX, type Probed, type ProbeRequest } from '../model/probe.ts'
import { ProblemError } from '../model/problem.ts'
import { notFound } from './amend.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Operation } from './operation.ts'

const testSchema = z.object({
  kind: z.enum(['single', 'burst', 'reachability']).default('single').meta({
    description: '`reachability` only asks with HEAD whether anybody is there, and sends no event.',
  }),
  /** Of a burst. */
  count: z.int().min(1).max(PROBES_MAX).default(10),
  /** Of a burst. */
  ratePerSecond: z.int().min(1).max(PROBE_RATE_MAX).default(5),
  eventType: z
    .string()
    .max(200)
    .regex(/^[^\s*]+$/, 'an event type')
    .default('hookway.test'),
  data: z.unknown().optional(),
})

const resultSchema = z.object({
  kind: testSchema.shape.kind.unwrap(),
  /** Every request was answered as the endpoint's `success` asks. */
  ok: z.boolean(),
  sent: z.int(),
  delivered: z.int(),
  /** In milliseconds, of those that were answered; null: none was. */
  latency: z
    .object({ min: z.number(), p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() })
    .nullable(),
  /** What was wrong, the most frequent first. */
  diagnoses: z.array(z.object({ code: z.string(), count: z.int(), message: z.string() })),
  attempts: z.array(
    z.object({
      number: z.int(),
      result: z.string(),
      statusCode: z.int().nullable(),
      durationMs: z.number(),
      error: z.string().nullable(),
      response: z.object({ body: z.string(), truncated: z.boolean() }).nullable(),
    }),
  ),
})

const DATA = { message: 'This is a test from Hookway.' }

export function probeOperations({ db, probe }: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/endpoints/:id/tests',
      summary: 'Send test events straight to the receiver and say what comes back: not logged, not retried',
      access: 'endpoints',
      idPrefix: 'ep',
      body: testSchema,
      problems: ['conflict'],
      answers: { status: 200, schema: resultSchema },
      async run({ tenantId, id, body }) {
        const endpoint = await getEndpoint(db, { tenantId, id })
        if (!endpoint) throw notFound()
        if (endpoint.settings.mode === 'pull') {
          throw new ProblemError(
            'conflict',
            'Nothing is sent to a pull endpoint. Publish an event and poll it.',
          )
        }
        const { eventType: type, data = DATA, ...rest } = body
        const request: ProbeRequest = { ...rest, type, data }
        return { status: 200, body: show(request.kind, await probe(endpoint, request)) }
      },
    }),
  ]
}

function show(kind: ProbeRequest['kind'], probed: readonly Probed[]) {
  const delivered = probed.filter(({ record }) => record.result === 'delivered').length
  const answered = probed.filter(({ record }) => record.statusCode !== undefined)
  return {
    kind,
    ok: probed.length > 0 && delivered === probed.length,
    sent: probed.length,
    delivered,
    latency: latencyOf(answered.map(({ record }) => record.durationMs)),
    diagnoses: diagnosesOf(probed),
    attempts: probed.map(({ number, record }) => ({
      number,
      result: record.result,
      statusCode: record.statusCode ?? null,
      durationMs: record.durationMs,
      error: record.error ?? null,
      response:
        record.responseBody === undefined
          ? null
          : { body: record.responseBody, truncated: record.responseTruncated ?? false },
    })),
  }
}

function latencyOf(times: readonly number[]) {
  if (times.length === 0) return null
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { min: sorted[0] ?? 0, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
}

function diagnosesOf(probed: readonly Probed[]) {
  const counted = new Map<string, { code: string; count: number; message: string }>()
  for (const { record } of probed) {
    const found = diagnose(record)
    if (!found) continue
    const { count = 0 } = counted.get(found.code) ?? {}
    counted.set(found.code, { ...found, count: count + 1 })
  }
  return [...counted.values()].toSorted((a, b) => b.count - a.count)
}
