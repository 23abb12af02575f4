import { endpointSettingsSchema } from '../../model/endpoint.ts'
import { eventTypeSettingsSchema } from '../../model/event-type.ts'
import { sourceSettingsSchema } from '../../model/source.ts'
import { subscriptionSettingsSchema } from '../../model/subscription.ts'
import { tenantSettingsSchema } from '../../model/tenant.ts'
import { CREATED, ENDPOINT, pageOf, SOURCE, SUBSCRIPTION, TOKEN, type Examples } from './example.ts'
import { registrationExamples } from './registrations.ts'

const SIGNING_SECRET = 'whsec_5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH'

export function configurationExamples(): Examples {
  return {
    ...tenantExamples(),
    ...tokenExamples(),
    ...sourceExamples(),
    ...registrationExamples(),
    ...endpointExamples(),
    ...subscriptionExamples(),
    ...catalogueExamples(),
    ...documentExamples(),
  }
}

function tenantExamples(): Examples {
  const given = {
    name: 'Acme',
    uid: 'acme',
    tier: 'business',
    quotas: { endpoints: 50, eventsPerDay: 1_000_000 },
  }
  const shown = {
    id: 'ten_01K6Z3T0ZB6N4Q8XW2JH7CVRDM',
    name: 'Acme',
    uid: 'acme',
    ...tenantSettingsSchema.parse({ tier: given.tier, quotas: given.quotas }),
    ...CREATED,
  }
  return {
    'POST /tenants': { body: given, answer: shown },
    'GET /tenants': { answer: pageOf(shown) },
    'GET /tenants/:id': { answer: shown },
    'PUT /tenants/:id': { body: { name: 'Acme', tier: 'business' }, answer: shown },
    'PATCH /tenants/:id': { body: { retentionDays: 90 }, answer: { ...shown, retentionDays: 90 } },
  }
}

function tokenExamples(): Examples {
  const given = {
    name: 'Deploy pipeline',
    scopes: ['configuration:write', 'secrets:write'],
    expiresAt: '2027-01-01T00:00:00Z',
  }
  const shown = {
    id: TOKEN,
    ...given,
    expiresAt: '2027-01-01T00:00:00.000Z',
    lastUsedAt: null,
    createdAt: CREATED.createdAt,
  }
  const token = 'hwk_01K6Z3TE5R8CXM2W4V9HJ7QBNDexampleexampleexampleexampleexampleexample'
  return {
    'POST /tokens': { body: given, answer: { ...shown, token } },
    'POST /tokens/:id/rotations': {
      body: { gracePeriodSeconds: 3600 },
      answer: { ...shown, id: 'tok_01K7A1B3V6F9Q2M5X8W4HJ7RCD', expiresAt: null, token },
    },
    'GET /tokens': { answer: pageOf(shown) },
    'GET /tokens/:id': { answer: { ...shown, lastUsedAt: '2026-10-08T06:00:00.000Z' } },
  }
}

function sourceExamples(): Examples {
  const given = {
    provider: 'github',
    name: 'GitHub',
    uid: 'github',
    secrets: ['a secret that GitHub was given'],
  }
  const shown = {
    id: SOURCE,
    url: `https://hooks.example.com/in/${SOURCE}`,
    name: 'GitHub',
    uid: 'github',
    provider: 'github',
    ...sourceSettingsSchema.parse({}),
    secretCount: 1,
    ...CREATED,
  }
  const { uid: _, ...put } = given
  return {
    'POST /sources': { body: given, answer: shown },
    'GET /sources': { answer: pageOf(shown, 'c291cmNlcyBzcmNfMDFL') },
    'GET /sources/:id': { answer: shown },
    'PUT /sources/:id': { body: put, answer: shown },
    'PATCH /sources/:id': {
      body: { ipAllow: ['192.30.252.0/22'] },
      answer: { ...shown, ipAllow: ['192.30.252.0/22'] },
    },
    'POST /sources/:id/secrets': {
      body: { gracePeriodSeconds: 3600 },
      answer: { ...shown, secretCount: 2, secret: SIGNING_SECRET },
    },
    'POST /sources/batch': {
      body: { items: [given, { provider: 'nonesuch' }] },
      answer: {
        data: [
          { status: 201, resource: shown },
          {
            status: 400,
            problem: {
              type: 'https://hookway.dev/problems/invalid_request',
              title: 'The request does not fit its schema',
              status: 400,
              code: 'invalid_request',
              detail: '`provider`: is not the name of a provider.',
              errors: [{ path: 'provider', message: 'is not the name of a provider' }],
              requestId: 'req_01K6Z3V9QFA7C5N8T2W4XJ6RHD',
            },
          },
        ],
        succeeded: 1,
        failed: 1,
      },
    },
  }
}

function endpointExamples(): Examples {
  const given = {
    url: 'https://crm.example.com/webhooks',
    name: 'CRM',
    uid: 'crm',
    eventTypes: ['lead.*'],
    retry: { preset: 'crm' },
    auth: { type: 'bearer', token: 'a token of the CRM' },
  }
  const { uid: _, eventTypes: __, ...put } = given
  const settings = { url: given.url, retry: given.retry, auth: { type: 'bearer', token: '***' } }
  const shown = {
    id: ENDPOINT,
    name: 'CRM',
    uid: 'crm',
    ...endpointSettingsSchema.parse(settings),
    secretCount: 1,
    publicKeys: [],
    ...CREATED,
  }
  const made = { ...shown, secret: SIGNING_SECRET, subscriptionId: SUBSCRIPTION }
  return {
    'POST /endpoints': { body: given, answer: made },
    'GET /endpoints': { answer: pageOf(shown) },
    'GET /endpoints/:id': { answer: shown },
    'PUT /endpoints/:id': { body: put, answer: shown },
    'PATCH /endpoints/:id': { body: { state: 'paused' }, answer: { ...shown, state: 'paused' } },
    'POST /endpoints/:id/secrets': {
      body: { gracePeriodSeconds: 86_400 },
      answer: { ...shown, secretCount: 2, secret: SIGNING_SECRET },
    },
    'POST /endpoints/batch': {
      body: { items: [given] },
      answer: { data: [{ status: 201, resource: made }], succeeded: 1, failed: 0 },
    },
  }
}

function subscriptionExamples(): Examples {
  const settings = {
    sourceIds: [SOURCE],
    eventTypes: ['lead.created', 'lead.updated'],
    filter: { 'body.country': { in: ['DE', 'AT'] } },
  }
  const given = { endpointId: ENDPOINT, name: 'Leads to the CRM', uid: 'leads', ...settings }
  const full = subscriptionSettingsSchema.parse(settings)
  const shown = {
    id: SUBSCRIPTION,
    endpointId: ENDPOINT,
    name: given.name,
    uid: 'leads',
    ...full,
    state: 'active',
    fault: null,
    version: 1,
    ...CREATED,
  }
  const { uid: _, ...put } = given
  const versions = pageOf({ version: 1, settings: full, createdAt: CREATED.createdAt })
  return {
    'POST /subscriptions': { body: given, answer: shown },
    'GET /subscriptions': { answer: pageOf(shown) },
    'GET /subscriptions/:id': { answer: shown },
    'GET /subscriptions/:id/versions': { answer: versions },
    'PUT /subscriptions/:id': { body: put, answer: shown },
    'PATCH /subscriptions/:id': {
      body: { priority: 'high' },
      answer: { ...shown, priority: 'high', version: 2 },
    },
    'POST /subscriptions/batch': {
      body: { items: [given] },
      answer: { data: [{ status: 201, resource: shown }], succeeded: 1, failed: 0 },
    },
    'POST /subscriptions/test': {
      body: {
        subscription: { filter: settings.filter },
        event: { type: 'lead.created', data: { id: 4711, country: 'FR' } },
      },
      answer: {
        outcome: 'skipped',
        steps: [
          { step: 'match', passed: true, detail: 'The subscription takes lead.created.' },
          {
            step: 'filter',
            passed: false,
            detail: 'body.country is not one of the values.',
            clause: {
              at: 'body.country.in',
              field: 'body.country',
              operator: 'in',
              expected: ['DE', 'AT'],
              found: 'FR',
            },
          },
        ],
      },
    },
    'GET /templates': {
      answer: pageOf({
        slug: 'crm-leads',
        name: 'New leads',
        description: 'Leads as they come in, with their source.',
        source: null,
        subscription: { eventTypes: ['lead.created'] },
      }),
    },
  }
}

function catalogueExamples(): Examples {
  const given = {
    description: 'Somebody asked for an offer.',
    schemas: {
      '1': {
        type: 'object',
        required: ['id'],
        properties: { id: { type: 'integer' }, email: { type: 'string' } },
      },
    },
    sample: { id: 4711, email: 'ada@example.com' },
  }
  const type = { name: 'lead.created', ...eventTypeSettingsSchema.parse(given), version: 1, ...CREATED }
  const entries = { DE: 'team-berlin', AT: 'team-vienna' }
  const table = { name: 'teams', entries, updatedAt: CREATED.updatedAt }
  return {
    'GET /event-types': { answer: pageOf(type) },
    'GET /event-types/:id': { answer: type },
    'PUT /event-types/:id': { body: given, answer: type },
    'POST /event-types/starter': { body: {}, answer: { added: 1, names: ['lead.created'] } },
    'POST /event-types/batch': {
      body: { items: [{ name: 'lead.created', ...given }] },
      answer: { data: [{ status: 201, resource: type }], succeeded: 1, failed: 0 },
    },
    'GET /lookup-tables': { answer: pageOf(table) },
    'GET /lookup-tables/:id': { answer: table },
    'PUT /lookup-tables/:id': { body: { entries }, answer: table },
  }
}

function documentExamples(): Examples {
  const shared = { name: 'CRM_TOKEN', ...CREATED }
  const detail = { ...shared, usedBy: { sources: [], endpoints: [ENDPOINT] } }
  const document = {
    sources: [{ uid: 'github', provider: 'github', secrets: [{ $secret: 'GITHUB_SECRET' }] }],
    endpoints: [
      {
        uid: 'crm',
        url: 'https://crm.example.com/webhooks',
        auth: { type: 'bearer', token: { $secret: 'CRM_TOKEN' } },
      },
    ],
    subscriptions: [{ uid: 'leads', endpoint: 'crm', sources: ['github'], eventTypes: ['lead.*'] }],
  }
  return {
    'GET /secrets': { answer: pageOf(shared) },
    'GET /secrets/:id': { answer: detail },
    'PUT /secrets/:id': { body: { value: 'a token of the CRM', gracePeriodSeconds: 3600 }, answer: detail },
    'GET /export': { answer: { version: 1, ...document, unnamed: [] } },
    'PUT /import': {
      body: { version: 1, ...document },
      answer: {
        dryRun: false,
        changes: [
          { kind: 'sources', uid: 'github', action: 'none', fields: [] },
          { kind: 'endpoints', uid: 'crm', action: 'update', fields: ['url'] },
          { kind: 'subscriptions', uid: 'leads', action: 'create', fields: [] },
        ],
      },
    },
  }
}
