import {
  DELIVERY,
  ENDPOINT,
  ERASURE,
  EVENT,
  pageOf,
  REPLAY,
  SOURCE,
  SUBSCRIPTION,
  TOKEN,
  type Examples,
} from './example.ts'

export function dataExamples(): Examples {
  return {
    ...eventExamples(),
    ...deliveryExamples(),
    ...messageExamples(),
    ...replayExamples(),
    ...privacyExamples(),
    ...watchingExamples(),
  }
}

const AT = '2026-10-08T07:41:19.402Z'
const DATA = { id: 4711, email: 'ada@example.com', country: 'DE' }

const DELIVERED = {
  id: DELIVERY,
  eventId: EVENT,
  eventType: 'lead.created',
  sourceId: null,
  endpointId: ENDPOINT,
  subscriptionId: SUBSCRIPTION,
  status: 'delivered',
  attempts: 2,
  statusCode: 200,
  lastAttemptAt: '2026-10-08T07:41:24.871Z',
  nextAttemptAt: null,
  error: null,
  durationMs: 183,
}

function eventExamples(): Examples {
  const given = { type: 'lead.created', id: 'lead-4711-created', data: DATA, orderingKey: '4711' }
  const accepted = { id: EVENT, duplicate: false }
  const summary = {
    id: EVENT,
    sourceId: null,
    type: 'lead.created',
    receivedAt: AT,
    occurredAt: null,
    providerEventId: 'lead-4711-created',
    entityType: null,
    entityId: null,
    contentType: 'application/json',
    bodyBytes: 55,
    country: null,
    orderingKey: null,
  }
  return {
    'POST /events': { body: given, answer: accepted },
    'POST /events/batch': { body: { events: [given] }, answer: { data: [accepted] } },
    'GET /events': { answer: pageOf(summary, 'ZXZlbnRzIGV2dF8wMUs2') },
    'GET /events/:id': {
      answer: {
        ...summary,
        method: 'POST',
        path: '',
        headers: [],
        orderingKey: '4711',
        metadata: {},
        data: DATA,
        bodyState: 'shown',
        deliveries: [DELIVERED],
      },
    },
  }
}

function deliveryExamples(): Examples {
  const request = {
    url: 'https://crm.example.com/webhooks',
    method: 'POST',
    headers: [
      ['content-type', 'application/json'],
      ['webhook-id', DELIVERY],
    ],
  }
  const attempts = [
    {
      number: 1,
      at: AT,
      durationMs: 95,
      result: 'server_error',
      statusCode: 503,
      error: null,
      request,
      response: { headers: [['retry-after', '5']], body: 'busy', truncated: false },
    },
    {
      number: 2,
      at: DELIVERED.lastAttemptAt,
      durationMs: 183,
      result: 'delivered',
      statusCode: 200,
      error: null,
      request,
      response: { headers: [], body: 'ok', truncated: false },
    },
  ]
  const dead = { ...DELIVERED, status: 'dead', statusCode: 500, error: 'The receiver answered 500.' }
  return {
    'GET /deliveries': { answer: pageOf(DELIVERED) },
    'GET /deliveries/:id': {
      answer: { ...DELIVERED, attemptLog: attempts.map((each) => ({ ...each, batch: null })) },
    },
    'POST /deliveries/:id/retries': { answer: { ...dead, status: 'retrying', nextAttemptAt: AT } },
    'POST /deliveries/:id/cancellations': { answer: { ...dead, status: 'cancelled' } },
    'POST /endpoints/:id/tests': {
      body: { eventType: 'lead.created', data: DATA },
      answer: {
        kind: 'single',
        ok: true,
        sent: 1,
        delivered: 1,
        latency: { min: 183, p50: 183, p90: 183, p99: 183, max: 183 },
        diagnoses: [],
        attempts: [
          {
            number: 1,
            result: 'delivered',
            statusCode: 200,
            durationMs: 183,
            error: null,
            response: { body: 'ok', truncated: false },
          },
        ],
      },
    },
  }
}

function messageExamples(): Examples {
  const message = {
    id: DELIVERY,
    eventId: EVENT,
    eventType: 'lead.created',
    timestamp: AT,
    attempt: 1,
    leasedUntil: '2026-10-08T07:41:49.402Z',
    headers: { 'content-type': 'application/json', 'webhook-id': DELIVERY },
    encoding: 'utf8',
    body: JSON.stringify(DATA),
  }
  return {
    'GET /endpoints/:id/messages': { answer: pageOf(message) },
    'POST /endpoints/:id/messages/acknowledgements': {
      body: { ids: [DELIVERY] },
      answer: { ids: [DELIVERY], notLeased: [] },
    },
  }
}

function replayExamples(): Examples {
  const query = { status: 'dead', endpointId: ENDPOINT, from: '2026-10-08T00:00:00.000Z' }
  const shown = {
    id: REPLAY,
    query: { ...query, to: '2026-10-08T09:00:00.001Z' },
    endpointId: null,
    ratePerSecond: 20,
    state: 'planned',
    matched: 312,
    done: 0,
    failed: 0,
    error: null,
    createdAt: '2026-10-08T09:00:00.000Z',
    updatedAt: '2026-10-08T09:00:00.000Z',
  }
  return {
    'POST /replays': { body: { query, ratePerSecond: 20 }, answer: shown },
    'GET /replays': { answer: pageOf(shown) },
    'GET /replays/:id': { answer: { ...shown, state: 'running', done: 140 } },
  }
}

function privacyExamples(): Examples {
  const subject = { path: 'customer.email', value: 'ada@example.com' }
  const facts = {
    occurredAt: null,
    providerEventId: null,
    entityType: null,
    entityId: null,
    orderingKey: null,
  }
  const form = { contentType: 'application/json', bodyBytes: 56, country: null, bodyState: 'shown' }
  const event = {
    id: EVENT,
    sourceId: null,
    type: 'lead.created',
    receivedAt: AT,
    ...facts,
    ...form,
    data: DATA,
  }
  const counts = {
    events: 2,
    segments: 2,
    bodies: 0,
    deliveries: 3,
    journalRows: 4,
    cancelled: 1,
    rejections: 0,
  }
  const shown = {
    id: ERASURE,
    state: 'settling',
    requestedBy: TOKEN,
    kind: 'value',
    subjectHash: '7d793037a0760186574b0282f2f435e7d3f2f9f0e1b6cbd2a6f4b6d0c9a1b2c3',
    counts,
    eventHashes: ['2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae'],
    digest: 'fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9',
    createdAt: '2026-10-08T09:00:00.000Z',
    endedAt: null,
    error: null,
  }
  return {
    'POST /erasures': { body: subject, answer: shown },
    'GET /erasures': { answer: pageOf(shown) },
    'GET /erasures/:id': { answer: { ...shown, state: 'done', endedAt: '2026-10-08T09:01:12.000Z' } },
    'POST /subject-exports': { body: subject, answer: pageOf({ kind: 'event', event }) },
  }
}

function watchingExamples(): Examples {
  const verdict = {
    status: 'degraded',
    failureCount: 0,
    failureRate: 6.25,
    recommendations: ['Monitor for additional failures', 'Check integration connection'],
    lastEventAt: AT,
    lastFailureAt: '2026-10-08T05:10:02.000Z',
  }
  const latency = { average: 210, p50: 183, p95: 540, p99: 910 }
  return {
    'GET /rejections': {
      answer: pageOf({
        id: 'rej_01K6Z8A7M4C2X9TQ5WJH3NVRED',
        sourceId: SOURCE,
        at: AT,
        reason: 'timestamp_too_old',
        detail: 'The timestamp is 412 seconds old; 300 are permitted.',
        ip: '203.0.113.7',
        country: 'NL',
        method: 'POST',
        headers: [['content-type', 'application/json']],
        bodySample: '{"action":"opened"}',
      }),
    },
    'GET /metrics': {
      answer: {
        from: '2026-10-07T08:00:00.000Z',
        to: '2026-10-08T08:00:00.000Z',
        groupBy: 'endpoint',
        data: [
          {
            key: ENDPOINT,
            at: null,
            received: 0,
            rejected: 0,
            deliveries: 15,
            attempts: 16,
            delivered: 15,
            failed: 1,
            retried: 1,
            dead: 0,
            failureRate: 6.25,
            latency,
          },
        ],
      },
    },
    'GET /health': {
      answer: {
        status: 'healthy',
        failureRate: 1.2,
        recommendations: [],
        endpoints: { healthy: 11, degraded: 1, failed: 0 },
        unhealthy: [{ endpointId: ENDPOINT, name: 'CRM', status: 'degraded' }],
        sweep: { status: 'ok', lists: [{ list: 'endpoints', sweptAt: AT }] },
      },
    },
    'GET /endpoints/:id/health': {
      answer: {
        endpointId: ENDPOINT,
        state: 'active',
        ...verdict,
        attempts: 16,
        delivered: 15,
        failed: 1,
        lastDeliveredAt: AT,
      },
    },
    'GET /sources/:id/health': {
      answer: { sourceId: SOURCE, state: 'active', ...verdict, received: 15, rejected: 1 },
    },
    'GET /audit': {
      answer: pageOf({
        id: 'aud_01K6Z9D2W8F5M7XT4QJC3NVRHE',
        at: AT,
        actor: TOKEN,
        action: 'patch-endpoints-id',
        resource: 'endpoints',
        resourceId: ENDPOINT,
        status: 200,
        code: null,
        ip: '198.51.100.23',
        requestId: 'req_01K6Z9D2W8A1B2C3D4E5F6G7HJ',
        before: { state: 'active' },
        after: { state: 'paused' },
      }),
    },
  }
}
