import { beforeAll, describe, expect, it } from 'vitest'
import { normalise } from '../../src/ingest/normalise.ts'
import { utf8 } from '../../src/model/bytes.ts'
import { newId } from '../../src/model/id.ts'
import { sourceSettingsSchema } from '../../src/model/source.ts'
import type { Template } from '../../src/templates/template.ts'
import * as document from '../support/documents.ts'
import { makeWorld, type World } from './api-world.ts'

let world: World
let templates: Map<string, Template>
const RECEIVED = Date.UTC(2026, 0, 19, 16)
const AT = '2026-01-19T16:00:00.000Z'

beforeAll(async () => {
  world = await makeWorld()
  const { body } = await world.call('GET', '/v1/templates')
  templates = new Map((body.data as unknown as Template[]).map((template) => [template.slug, template]))
})

/** The type that a source of the template reads out of the payload. */
async function typeOf(
  { source }: Template,
  payload: unknown,
  headers: Record<string, string>,
): Promise<string> {
  if (source === null) return ''
  const body = utf8(JSON.stringify(payload))
  const events = await normalise({
    source: {
      id: newId('src', RECEIVED),
      tenantId: 'default',
      provider: source.provider,
      settings: sourceSettingsSchema.parse({ config: source.config }),
    },
    request: {
      method: 'POST',
      url: 'https://hooks.example/in/src',
      headers: [['content-type', 'application/json'], ...Object.entries(headers)],
      body,
      receivedAt: RECEIVED,
    },
    path: '',
    verification: { verdict: 'verified' },
    metadata: {},
    newEventId: () => newId('evt', RECEIVED),
  })
  return (events.ok && events.value[0]?.event.head.type) || ''
}

interface Options {
  /** Of a published event. */
  type?: string
  headers?: Record<string, string>
}

async function routed(slug: string, payload: unknown, { type, headers = {} }: Options = {}) {
  const template = templates.get(slug)
  if (!template) throw new Error(`there is no template ${slug}`)
  const event = { type: type ?? (await typeOf(template, payload, headers)), data: payload, receivedAt: AT }
  const { body } = await world.call('POST', '/v1/subscriptions/test', {
    subscription: template.subscription,
    event,
  })
  const { outcome, delivery } = body as { outcome?: string; delivery?: { body: unknown } }
  return outcome === 'delivered' ? delivery?.body : outcome
}

it('every template makes a source and a subscription as it stands', async () => {
  const { body: endpoint } = await world.call('POST', '/v1/endpoints', { url: 'https://receiver.example/' })
  expect(templates.size).toBeGreaterThan(20)
  for (const { slug, name, subscription, source } of templates.values()) {
    const { status } = await world.call('POST', '/v1/subscriptions', {
      name,
      endpointId: endpoint.id,
      ...subscription,
    })
    expect([slug, status]).toEqual([slug, 201])
    expect(source === null || sourceSettingsSchema.safeParse({ config: source.config }).success).toBe(true)
  }
})

describe('HaloPSA', () => {
  const updated = (changes: object) => document.HALO('tickets.updated', changes)
  const status = (new_value: number) => document.HALO('tickets.status_changed', { status_id: { new_value } })
  const fields = (...ids: number[]) =>
    document.HALO('tickets.custom_field_changed', { customfields: ids.map((id) => ({ id, new_value: 'x' })) })

  it('what a person has changed is protected, and what an integration has is not', async () => {
    const slug = 'halopsa-manual-change-protection'
    expect(await routed(slug, updated({ last_update_user: 'Jane Roe' }))).toEqual({
      action: 'flag_for_protection',
      ticket_id: 4711,
      changed_by: 'Jane Roe',
    })
    for (const last_update_user of ['B2B Integration', 'System', 'API', null, '']) {
      expect(await routed(slug, updated({ last_update_user }))).toBe('skipped')
    }
    expect(await routed(slug, updated({}))).toBe('skipped')
  })

  it('do-not-contact is synchronised from field 105 and from the status 6', async () => {
    const slug = 'halopsa-do-not-contact'
    const synced = { action: 'sync_do_not_contact', entity_id: 4711 }
    expect(await routed(slug, updated({ customfields: [{ id: 105, new_value: true }] }))).toEqual(synced)
    expect(await routed(slug, updated({ customfields: [{ id: 105, new_value: false }] }))).toBe('skipped')
    const other = [
      { id: 105, new_value: false },
      { id: 104, new_value: true },
    ]
    expect(await routed(slug, updated({ customfields: other }))).toBe('skipped')
    expect(await routed(slug, status(6))).toEqual(synced)
    expect(await routed(slug, status(4))).toBe('skipped')
  })

  it('the status 4 converts a lead', async () => {
    const converted = { action: 'convert_lead_to_prospect', entity_id: 4711 }
    expect(await routed('halopsa-engaged-converts', status(4))).toEqual(converted)
    expect(await routed('halopsa-engaged-converts', status(6))).toBe('skipped')
    expect(await routed('halopsa-engaged-converts', updated({ status_id: { new_value: 4 } }))).toBe('skipped')
  })

  it('the fields 106 to 113 and 201 to 206 each go their way, and only they', async () => {
    expect(await routed('halopsa-intelligence-sync', fields(105, 106, 113, 114))).toEqual({
      action: 'sync_company_intelligence',
      entity_id: 4711,
      fields: [
        { id: 106, new_value: 'x' },
        { id: 113, new_value: 'x' },
      ],
    })
    expect(await routed('halopsa-intelligence-sync', fields(105, 114, 201))).toBe('skipped')
    expect(await routed('halopsa-qualification-check', fields(201))).toEqual({
      action: 'check_opportunity_promotion',
      entity_id: 4711,
      fields: [{ id: 201, new_value: 'x' }],
    })
    expect(await routed('halopsa-qualification-check', fields(200, 207))).toBe('skipped')
  })

  it.each([
    ['organisation.created', 'enrich_organization'],
    ['contact.created', 'enrich_contact'],
    ['prospect.created', 'score_and_route_prospect'],
    ['deal.created', undefined],
  ])('a %s is handled by %s', async (event, action) => {
    const expected = action === undefined ? 'skipped' : { action, data: { id: 1 } }
    expect(await routed('halopsa-new-entities', { event, data: { id: 1 } })).toEqual(expected)
  })
})

describe('people and companies', () => {
  it('Apollo.io: a person becomes a contact', async () => {
    expect(await routed('apollo-person-to-halopsa', document.APOLLO_PERSON)).toEqual({
      firstname: 'John',
      surname: 'Doe',
      emailaddress: 'john.doe@company.com',
      jobtitle: 'VP of Sales',
      phonenumber: '+15551234567',
      linkedin_url: 'https://linkedin.com/in/johndoe',
      organisation: { name: 'Acme Corporation', website: 'https://acme.com', apollo_id: 'apollo_org_id' },
      notes: `Enriched from Apollo.io on ${AT}`,
      customfields: [{ id: 100, value: 'apollo_person_id' }],
    })
    const { organization } = document.APOLLO_PERSON.data.person
    const payload = { event_type: 'organization_updated', data: { organization } }
    expect(await routed('apollo-organization-to-halopsa', payload)).toMatchObject({
      name: 'Acme Corporation',
    })
  })

  it('ZoomInfo: a contact as both documented payloads have it', async () => {
    expect(await routed('zoominfo-contact-to-halopsa', document.ZOOMINFO_CONTACT)).toEqual({
      zoominfo_id: 'zoominfo_person_id',
      firstname: 'Jane',
      surname: 'Smith',
      emailaddress: 'jane.smith@techcorp.com',
      jobtitle: 'Chief Technology Officer',
      phonenumber: '+1-555-987-6543',
      linkedin_url: 'https://linkedin.com/in/janesmith',
      notes: `ZoomInfo Update (${AT}): jobTitle: VP of Technology → Chief Technology Officer, email: j.smith@techcorp.com → jane.smith@techcorp.com`,
      customfields: [
        {
          id: 103,
          value: 'Revenue: $50M-$100M | Employees: 250 | Level: c-level | Dept: information-technology',
        },
      ],
    })
    expect(await routed('zoominfo-contact-to-halopsa', document.ZOOMINFO_SHORT)).toMatchObject({
      jobtitle: 'Director of Engineering',
      notes: `ZoomInfo Update (${AT}): title: Senior Engineer → Director of Engineering`,
      customfields: [{ id: 103, value: 'Dept: Engineering' }],
    })
  })

  it('ZoomInfo: a company', async () => {
    expect(await routed('zoominfo-company-to-halopsa', document.ZOOMINFO_COMPANY)).toMatchObject({
      name: 'TechCorp Solutions',
      website: 'https://techcorp.com',
      address: { line1: '123 Innovation Drive', city: 'Austin', postcode: '78701' },
      notes: `ZoomInfo Company Update (${AT}): employeeCount: 250 → 275`,
    })
  })

  it('Hunter.io: a verification, and a review where it fails', async () => {
    expect(await routed('hunter-verification-to-halopsa', document.HUNTER)).toEqual({
      emailaddress: 'contact@newcompany.com',
      customfields: [
        { id: 101, value: 'deliverable' },
        { id: 102, value: '95' },
      ],
    })
    expect(await routed('hunter-undeliverable-review', document.HUNTER)).toBe('skipped')
    const risky = { ...document.HUNTER, data: { ...document.HUNTER.data, result: 'risky' } }
    expect(await routed('hunter-undeliverable-review', risky)).toMatchObject({
      reason: 'Email verification failed: risky',
    })
  })
})

describe('CRM and directory', () => {
  it('events of a CRM reach the list, the invoice and the survey', async () => {
    const listed = { firstName: 'John', lastName: 'Doe', source: 'Website' }
    expect(await routed('crm-lead-to-mailing-list', document.CRM_LEAD)).toEqual({
      email: 'john.doe@example.com',
      ...listed,
    })
    expect(await routed('crm-lead-to-mailing-list', document.CRM_LEAD_SHORT)).toEqual({
      email: 'john@example.com',
      ...listed,
    })
    expect(await routed('crm-deal-to-invoice', document.CRM_DEAL)).toMatchObject({
      dealId: 'deal_456',
      amount: 50_000,
    })
    expect(await routed('crm-ticket-to-survey', document.CRM_TICKET)).toEqual({
      ticketId: 'ticket_789',
      subject: 'Login issue',
      resolution: 'Password reset sent',
    })
    expect(await routed('crm-lead-to-mailing-list', document.CRM_DEAL)).toBe('skipped')
  })

  it('test events stay out', async () => {
    const test = { ...document.CRM_LEAD, metadata: { environment: 'test' } }
    expect(await routed('crm-without-test-events', test)).toBe('skipped')
    expect(await routed('crm-without-test-events', document.CRM_LEAD)).toEqual(document.CRM_LEAD)
  })

  it('a business becomes a lead and a review a case', async () => {
    const created = { type: 'business.created' }
    const lead = await routed('directory-business-to-salesforce-lead', document.BUSINESS, created)
    expect(lead).toEqual({
      objectType: 'Lead',
      fields: {
        Company: 'Test Restaurant',
        Website: 'https://testrestaurant.com',
        Phone: '(555) 123-4567',
        Street: '123 Main St',
        City: 'San Francisco',
        State: 'CA',
        PostalCode: '94105',
        LeadSource: 'Directory API',
        Status: 'New',
      },
    })
    const nested = document.BUSINESS_WITH_CONTACT
    expect(await routed('directory-business-to-salesforce-lead', nested, created)).toEqual(lead)
    const updated = { type: 'business.updated' }
    expect(await routed('directory-payload', document.BUSINESS_UPDATED, updated)).toMatchObject({
      type: 'business.updated',
      data: document.BUSINESS_UPDATED,
    })
    const review = { type: 'review.created' }
    const slug = 'directory-review-to-salesforce-case'
    expect(await routed(slug, document.REVIEW, review)).toMatchObject({ fields: { Priority: 'Low' } })
    const bad = { ...document.REVIEW, rating: 2, business: { name: 'Acme' } }
    expect(await routed(slug, bad, review)).toMatchObject({
      fields: { Priority: 'High', Subject: 'New Review: Acme' },
    })
    expect(await routed('directory-payload', document.REVIEW, review)).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      type: 'review.created',
      created: AT,
      data: document.REVIEW,
    })
  })
})

it.each([
  ['salesforce-sync', document.SALESFORCE, {}, 'created', 'Contact', '003xx000004TMM'],
  ['notion-sync', document.NOTION, {}, 'created', 'page', '9e36757ce11844e8976dba13e02a9f5b'],
  ['slack-sync', document.SLACK, {}, 'message', 'message', '1234567890.000001'],
  ['github-issue-sync', document.GITHUB, { 'x-github-event': 'issues' }, 'opened', 'issue', '1234567'],
  ['google-contacts-sync', document.GOOGLE, {}, 'updated', 'people', 'c1234567'],
])(
  '%s says what changed in the form that all share',
  async (slug, payload, headers, eventType, entityType, entityId) => {
    expect(await routed(slug, payload, { headers: headers as Record<string, string> })).toMatchObject({
      providerId: slug.split('-')[0],
      eventType,
      entityType,
      entityId,
      data: expect.any(Object),
      timestamp: AT,
    })
  },
)

it.each([
  [
    'salesforce-sync',
    document.SHORT.salesforce,
    {},
    ['created', 'Contact', '00Qxx0000000000', { FirstName: 'John' }],
  ],
  ['salesforce-sync', document.SHORT.salesforceIdOnly, {}, ['created', 'Contact', '00Qxx0000000000', {}]],
  [
    'notion-sync',
    document.SHORT.notion,
    {},
    ['created', 'page', 'page-123', document.SHORT.notion.properties],
  ],
  ['slack-sync', document.SHORT.slack, {}, ['message', 'message', '1.2', expect.anything()]],
  [
    'github-issue-sync',
    document.SHORT.github,
    { 'x-github-event': 'issues' },
    ['opened', 'issue', '1234567', expect.anything()],
  ],
])('%s reads the short example of the parser too: %j', async (slug, payload, headers, expected) => {
  const made = await routed(slug, payload, { headers: headers as Record<string, string> })
  const { eventType, entityType, entityId, data } = made as Record<string, unknown>
  expect([eventType, entityType, entityId, data]).toEqual(expected)
})
