import { beforeAll, describe, expect, it } from 'vitest'
import { rollUpDay } from '../../src/db/metrics-rollup.ts'
import { deliveryIdOf, newId } from '../../src/model/id.ts'
import { writeLog } from '../../src/db/log-writer.ts'
import type { AttemptRecord, LogMessage } from '../../src/model/delivery-log.ts'
import { makeWorld, problem, ROOT, type World } from './api-world.ts'

const SUB = 'sub_01K00000000000000000000000'
const HOUR = 3_600_000
const NOW = Date.UTC(2026, 0, 2, 12, 30)

let world: World
let endpoint: string
let source: string

/** An event that the endpoint was sent once, `ms` before now. */
function sent(ms: number, isGood: boolean, more: Partial<AttemptRecord> = {}): LogMessage {
  const at = NOW - ms
  const eventId = newId('evt', at)
  const head = { tenantId: 'default' as const, sourceId: source as `src_${string}` }
  const attempt: AttemptRecord = {
    at,
    durationMs: 80,
    result: isGood ? 'delivered' : 'server_error',
    url: 'https://r.example/',
    method: 'POST',
    requestHeaders: [],
    ...more,
  }
  const row = {
    ...head,
    id: deliveryIdOf(eventId, SUB),
    eventId,
    eventType: 'a.b',
    endpointId: endpoint as `ep_${string}`,
    subscriptionId: SUB,
    status: isGood ? 'delivered' : 'retrying',
    attempts: 1,
    statusCode: isGood ? 200 : 500,
    error: null,
    durationMs: 80,
    lastAttemptAt: at,
    nextAttemptAt: null,
    version: 7,
    attemptLog: { 1: attempt },
  } as const
  const event = {
    ...head,
    id: eventId,
    type: 'a.b',
    receivedAt: at,
    occurredAt: null,
    providerEventId: null,
    entityType: null,
    entityId: null,
    contentType: '',
    bodyBytes: 2,
    bodyKey: null,
    country: 'DE',
    pointer: { intake: 'i', segment: 1, index: 0 },
  }
  return { kind: 'deliveries', object: 'o', receipt: 1, events: [event], rows: [row] }
}

const get = async (path: string) => (await world.call('GET', path)).body

beforeAll(async () => {
  world = await makeWorld()
  world.time.now = NOW
  endpoint = (await world.call('POST', '/v1/endpoints', { url: 'https://r.example/' })).body.id
  source = (await world.call('POST', '/v1/sources', { provider: 'generic' })).body.id
  const messages = [0, 1, 2, 3].map((i) => sent(i * HOUR, true))
  await writeLog(world.deps.logDb, [...messages, sent(HOUR + 1_000, false), sent(5 * 24 * HOUR, true)])
})

describe('metrics', () => {
  it('sum the last day unless asked otherwise', async () => {
    expect(await get('/v1/metrics')).toMatchObject({
      groupBy: null,
      data: [
        {
          key: null,
          received: 5,
          delivered: 4,
          failed: 1,
          failureRate: 20,
          latency: { average: 80, p50: 75, p95: 98 },
        },
      ],
    })
  })

  it.each([
    { by: 'type', key: 'a.b' },
    { by: 'country', key: 'DE' },
    { by: 'source', key: () => source },
    { by: 'endpoint', key: () => endpoint },
  ])('are grouped by $by', async ({ by, key }) => {
    const { data } = await get(`/v1/metrics?groupBy=${by}`)
    expect(data).toMatchObject([{ key: typeof key === 'string' ? key : key(), attempts: 5 }])
  })

  it('are a line over the hours, for each group if wanted', async () => {
    const { data } = await get('/v1/metrics?groupBy=hour')
    expect(data.map((each) => (each as unknown as { at: string; attempts: number }).attempts)).toEqual([
      1, 1, 2, 1,
    ])
    expect((await get(`/v1/metrics?groupBy=type&interval=hour`)).data).toHaveLength(4)
    expect((await get(`/v1/metrics?endpointId=${endpoint}&interval=hour`)).data).toHaveLength(4)
  })

  it('are the same over a range whose old days have been summed', async () => {
    const range = 'from=2025-12-01T00:00:00Z&to=2026-01-03T00:00:00Z'
    const { data: before } = await get(`/v1/metrics?${range}`)
    const due = { tenantId: 'default' as const, before: NOW - 2 * 24 * HOUR, now: NOW }
    expect(await rollUpDay(world.deps.logDb, due)).toBe(true)
    expect(await rollUpDay(world.deps.logDb, due)).toBe(false)
    expect((await get(`/v1/metrics?${range}`)).data).toEqual(before)
    expect((await get(`/v1/metrics?${range}&groupBy=day`)).data).toHaveLength(2)
  })

  it('refuse a range that is none, or too long for hours', async () => {
    const call = async (query: string) => await world.call('GET', `/v1/metrics?${query}`)
    expect(await call('from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z')).toMatchObject(
      problem(400, 'invalid_request'),
    )
    expect(await call('groupBy=hour&from=2025-01-01T00:00:00Z')).toMatchObject(
      problem(400, 'invalid_request'),
    )
    expect(await call(`groupBy=type&endpointId=${endpoint}`)).toMatchObject(problem(400, 'invalid_request'))
  })

  it('are read by Prometheus with a token for them', async () => {
    const scrape = async (token: string) =>
      await world.app.request('https://hooks.example/metrics', {
        headers: { authorization: `Bearer ${token}` },
      })
    const text = await (await scrape(ROOT)).text()
    expect(text).toContain(`hookway_deliveries_delivered_total{tenant="default",endpoint="${endpoint}"} 5`)
    expect(text).toContain(
      `hookway_attempt_duration_seconds_bucket{tenant="default",endpoint="${endpoint}",le="+Inf"} 6`,
    )
    expect(text).toContain('hookway_source_reads_total 7')
    const { token } = (await world.call('POST', '/v1/tokens', { name: 't', scopes: ['events:read'] })).body
    expect((await scrape(token)).status).toBe(403)
  })
})

describe('health', () => {
  it('of an endpoint is failed over a quarter of failures or after three in a row, degraded from one', async () => {
    expect(await get(`/v1/endpoints/${endpoint}/health`)).toMatchObject({
      status: 'degraded',
      failureCount: 0,
      failureRate: 20,
      recommendations: ['Monitor for additional failures', 'Check integration connection'],
      lastDeliveredAt: '2026-01-02T12:30:00.000Z',
    })
    await writeLog(world.deps.logDb, [sent(-1, false), sent(-2, false), sent(-3, false)])
    expect(await get(`/v1/endpoints/${endpoint}/health`)).toMatchObject({
      status: 'failed',
      failureCount: 3,
      recommendations: ['Verify webhook secret', 'Check provider configuration', 'Retry failed events'],
    })
    expect(await get('/v1/health')).toMatchObject({
      status: 'failed',
      endpoints: { healthy: 0, degraded: 0, failed: 1 },
      unhealthy: [{ endpointId: endpoint, status: 'failed' }],
    })
  })

  it('of a source is judged by what it refused', async () => {
    expect(await get(`/v1/sources/${source}/health`)).toMatchObject({ status: 'healthy', failureRate: 0 })
    const row = {
      id: newId('rej', NOW + 1_000),
      tenantId: 'default' as const,
      sourceId: source as `src_${string}`,
      at: NOW + 1_000,
      reason: 'wrong_secret',
      detail: '',
      ip: null,
      country: null,
      method: 'POST',
      headers: [],
      bodySample: '',
    }
    await writeLog(world.deps.logDb, [{ kind: 'rejections', rows: [row] }])
    expect(await get(`/v1/sources/${source}/health`)).toMatchObject({
      status: 'degraded',
      failureCount: 1,
      rejected: 1,
    })
  })

  it('of the sweep is told to anybody', async () => {
    expect(await get('/healthz')).toEqual({ status: 'ok', sweep: 'unknown' })
  })
})
