import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { writeLog } from '../../src/db/log-writer.ts'
import { toHex, utf8 } from '../../src/model/bytes.ts'
import { deliveryIdOf, newId } from '../../src/model/id.ts'
import { openDatabases } from './databases.ts'

/** The token of vitest.config.ts, in the place of the documents' `<token>`. */
const TOKEN = 'hwk_root_test'

let logDb: D1Database
beforeAll(async () => void ({ logDb } = await openDatabases()))

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await exports.default.fetch(`https://api.example.com${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as Record<string, unknown> }
}

/** The keys of the printed answer, and what kind of value each has. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf)
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

describe('the CRM webhook guide', () => {
  const request = {
    url: 'https://your-app.com/webhooks/crm',
    events: ['lead.created', 'deal.won', 'ticket.closed'],
    isActive: true,
    secret: 'your-webhook-secret-key-min-32-chars',
  }
  let id: string

  it('registers a webhook: POST /api/webhooks', async () => {
    const { status, body } = await call('POST', '/api/webhooks', request)
    expect(status).toBe(201)
    expect(body).toEqual({
      id: expect.stringMatching(/^ep_/),
      ...request,
      createdAt: expect.stringMatching(ISO),
    })
    id = String(body['id'])
  })

  it('shows it, without the secret: GET /api/webhooks/{id}', async () => {
    const { secret: _, ...shown } = request
    const expected = { id, ...shown, createdAt: expect.stringMatching(ISO) }
    expect(await call('GET', `/api/webhooks/${id}`)).toEqual({ status: 200, body: expected })
    expect((await call('GET', '/api/webhooks')).body['items']).toContainEqual(expected)
  })

  it('lists its deliveries: GET /api/webhooks/{webhookId}/deliveries', async () => {
    const at = Date.UTC(2026, 0, 17)
    const rows = [true, false].map((isGood, i) => {
      const eventId = newId('evt', at + i)
      return {
        id: deliveryIdOf(eventId, 'sub_01K00000000000000000000000'),
        tenantId: 'default' as const,
        eventId,
        eventType: 'lead.created',
        sourceId: null,
        endpointId: id as `ep_${string}`,
        subscriptionId: 'sub_01K00000000000000000000000' as const,
        status: isGood ? ('delivered' as const) : ('dead' as const),
        attempts: isGood ? 1 : 3,
        statusCode: isGood ? 200 : 500,
        error: isGood ? null : 'Internal Server Error',
        durationMs: 1,
        lastAttemptAt: at,
        nextAttemptAt: null,
        version: 7,
        attemptLog: {},
      }
    })
    await writeLog(logDb, [{ kind: 'deliveries', object: 'o', receipt: 1, events: [], rows }])
    const { status, body } = await call('GET', `/api/webhooks/${id}/deliveries`)
    expect(status).toBe(200)
    const printed = {
      statusCode: 200,
      attempts: 1,
      lastAttemptAt: expect.stringMatching(ISO),
      nextRetryAt: null,
    }
    const ids = { id: expect.any(String), eventId: expect.any(String), eventType: 'lead.created' }
    expect(body).toEqual({
      items: [
        {
          ...ids,
          ...printed,
          status: 'failed',
          statusCode: 500,
          attempts: 3,
          error: 'Internal Server Error',
        },
        { ...ids, ...printed, status: 'success' },
      ],
    })
  })

  it('refuses a webhook without a token or with a short secret', async () => {
    expect((await call('POST', '/api/webhooks', request, { authorization: '' })).status).toBe(401)
    expect((await call('POST', '/api/webhooks', { ...request, secret: 'short' })).status).toBe(400)
  })
})

describe('the HaloPSA patterns', () => {
  it('register the enhanced webhook: POST /api/webhook', async () => {
    const request = {
      url: 'https://your-integration.com/webhook/halopsa-enhanced',
      events: ['tickets.created', 'tickets.custom_field_changed', 'clients.updated'],
      filters: {
        ticket_types: [1, 2],
        custom_fields: [101, 102, 201],
        status_changes: ['engaged', 'qualified', 'do_not_contact'],
      },
      secret: 'your-enhanced-webhook-secret',
      retry_policy: { max_retries: 3, backoff_type: 'exponential', initial_interval: 30 },
      active: true,
    }
    const { status, body } = await call('POST', '/api/webhook', request)
    expect(status).toBe(201)
    expect(body).toMatchObject(request)
    const endpoint = await call('GET', `/v1/endpoints/${String(body['id'])}`)
    expect(endpoint.body['retry']).toMatchObject({ strategy: 'exponential', initialSeconds: 30, attempts: 4 })
  })
})

describe('the webhook management document', () => {
  let id: string
  let secret: string
  const request = {
    connectionId: 'conn-456',
    events: ['Contact.created', 'Contact.updated'],
    retryPolicy: { maxRetries: 3, backoffSeconds: 60 },
  }

  it('registers a webhook: POST /integrations/:integrationId/webhooks', async () => {
    const { status, body } = await call('POST', '/integrations/salesforce/webhooks', request)
    expect(status).toBe(201)
    expect(body).toEqual({
      registrationId: expect.stringMatching(/^src_/),
      webhookUrl: `https://api.example.com/webhooks/${String(body['registrationId'])}`,
      webhookSecret: expect.stringMatching(/^whsec_/),
      status: 'active',
      createdAt: expect.stringMatching(ISO),
    })
    id = String(body['registrationId'])
    secret = String(body['webhookSecret'])
  })

  it.each(['notion', 'slack', 'github'])('registers one of %s', async (integration) => {
    expect((await call('POST', `/integrations/${integration}/webhooks`, request)).status).toBe(201)
  })

  it('receives what the provider signs: POST /webhooks/:registrationId', async () => {
    const event = {
      action: 'created',
      sobject: { name: 'Contact', fields: { Id: '001xx000000001', FirstName: 'John' } },
    }
    const body = JSON.stringify(event)
    const key = await crypto.subtle.importKey('raw', utf8(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ])
    const signature = toHex(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(body))))
    const headers = { authorization: '', 'x-salesforce-event-signature': `sha256=${signature}` }
    expect(await call('POST', `/webhooks/${id}`, body, headers)).toEqual({
      status: 200,
      body: {
        success: true,
        eventType: 'created',
        entityId: '001xx000000001',
        syncTriggered: true,
        processingTimeMs: expect.any(Number),
      },
    })
    expect(await call('POST', `/webhooks/${id}`, `${body} `, headers)).toEqual({
      status: 400,
      body: { error: 'Invalid webhook signature', processingTimeMs: expect.any(Number) },
    })
  })

  it('shows it: GET /webhooks/:registrationId', async () => {
    const { status, body } = await call('GET', `/webhooks/${id}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      id,
      integrationId: 'salesforce',
      connectionId: 'conn-456',
      events: request.events,
    })
    expect(shapeOf(body)).toEqual({
      id: 'string',
      tenantId: 'string',
      integrationId: 'string',
      connectionId: 'string',
      webhookUrl: 'string',
      events: ['string'],
      status: 'string',
      isVerified: 'boolean',
      failureCount: 'number',
      createdAt: 'string',
    })
  })

  it('lists them: GET /webhooks', async () => {
    const { body } = await call('GET', '/webhooks?integrationId=salesforce&connectionId=conn-456')
    expect(body).toEqual({
      webhooks: [
        {
          id,
          integrationId: 'salesforce',
          connectionId: 'conn-456',
          status: 'active',
          events: request.events,
        },
      ],
      total: 1,
    })
  })

  it('says how it is: GET /webhooks/:registrationId/health and GET /webhooks/health', async () => {
    const { body } = await call('GET', `/webhooks/${id}/health`)
    expect(body).toMatchObject({ registrationId: id, status: 'healthy', failureRate: 0, recommendations: [] })
    expect(Object.keys(body)).toEqual([
      'registrationId',
      'status',
      'failureCount',
      'lastEventAt',
      'failureRate',
      'recommendations',
    ])
    expect(shapeOf((await call('GET', '/webhooks/health')).body)).toEqual({
      status: 'string',
      registrationsCount: 'number',
      failedRegistrationsCount: 'number',
      cacheHitRate: 'number',
    })
  })

  it('removes it: DELETE /webhooks/:registrationId', async () => {
    expect((await call('DELETE', `/webhooks/${id}`)).status).toBe(204)
    expect((await call('GET', `/webhooks/${id}`)).status).toBe(404)
  })
})
