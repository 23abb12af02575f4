import type { JsonSchema } from '../model/event-type.ts'

/** An event type of the starter catalogue. */
export interface StarterType {
  name: string
  description: string
  schemas: Record<string, JsonSchema>
}

type Properties = Record<string, JsonSchema>

const text = { type: 'string' } as const
const number = { type: 'number' } as const
const time = { type: 'string', format: 'date-time' } as const

function entity(id: string, properties: Properties, required: string[] = ['id']): JsonSchema {
  return { type: 'object', properties: { id: { type: 'string', examples: [id] }, ...properties }, required }
}

const lead = entity('lead_abc123', {
  firstName: { type: 'string', examples: ['John'] },
  lastName: { type: 'string', examples: ['Doe'] },
  email: { type: 'string', format: 'email' },
  phone: { type: 'string', examples: ['+1234567890'] },
  company: { type: 'string', examples: ['Example Corp'] },
  source: { type: 'string', examples: ['Website'] },
  status: { type: 'string', examples: ['New'] },
  createdAt: time,
  createdBy: { type: 'string', examples: ['user_456'] },
})
const contact = entity('contact_789', {
  firstName: { type: 'string', examples: ['Jane'] },
  lastName: { type: 'string', examples: ['Smith'] },
  email: { type: 'string', format: 'email' },
  phone: text,
  companyId: { type: 'string', examples: ['company_012'] },
})
const company = entity('company_012', {
  name: { type: 'string', examples: ['Acme Corp'] },
  website: { type: 'string', format: 'uri' },
  industry: { type: 'string', examples: ['Software'] },
})
const deal = entity('deal_456', {
  name: { type: 'string', examples: ['Enterprise Plan - Acme Corp'] },
  amount: { type: 'number', examples: [50_000] },
  stage: { type: 'string', examples: ['Closed Won'] },
  wonDate: time,
  contactId: { type: 'string', examples: ['contact_789'] },
  companyId: { type: 'string', examples: ['company_012'] },
})
const ticket = entity('ticket_789', {
  subject: { type: 'string', examples: ['Login issue'] },
  priority: { type: 'string', examples: ['High'] },
  status: { type: 'string', examples: ['Closed'] },
  resolution: { type: 'string', examples: ['Password reset sent'] },
  closedAt: time,
  closedBy: { type: 'string', examples: ['user_456'] },
  resolutionTime: { type: 'number', examples: [3600] },
})
const activity = entity('activity_1', { subject: text, type: text, dueAt: time, completedAt: time })
const workflow = entity('workflow_1', { name: text, action: text, error: text, executedAt: time })

const address: JsonSchema = {
  type: 'object',
  properties: {
    street: { type: 'string', examples: ['123 Main St'] },
    city: { type: 'string', examples: ['San Francisco'] },
    state: { type: 'string', examples: ['CA'] },
    zip: { type: 'string', examples: ['94105'] },
    coordinates: { type: 'object', properties: { lat: number, lng: number } },
  },
}
const business = entity('test_business_123', {
  name: { type: 'string', examples: ['Test Restaurant'] },
  category: { type: 'string', examples: ['restaurant'] },
  address,
  contact: {
    type: 'object',
    properties: {
      phone: text,
      email: { type: 'string', format: 'email' },
      website: { type: 'string', format: 'uri' },
    },
  },
  status: text,
  created_at: time,
})
const businessUpdate = entity('test_business_123', {
  changes: {
    type: 'object',
    examples: [{ name: { old_value: 'Test Diner', new_value: 'Test Restaurant' } }],
    additionalProperties: { type: 'object', properties: { old_value: true, new_value: true } },
  },
  updated_at: time,
})
const review = entity('test_review_456', {
  business_id: { type: 'string', examples: ['test_business_123'] },
  rating: { type: 'integer', minimum: 1, maximum: 5, examples: [4] },
  title: { type: 'string', examples: ['Great experience!'] },
  content: { type: 'string', examples: ['Had a wonderful time at this restaurant.'] },
  author: {
    type: 'object',
    properties: { name: { type: 'string', examples: ['John Doe'] }, verified: { type: 'boolean' } },
  },
  photos: { type: 'array', items: { type: 'string', format: 'uri' } },
  created_at: time,
})
const user = entity('user_456', { email: { type: 'string', format: 'email' }, tier: text })
const usage: JsonSchema = {
  type: 'object',
  properties: { userId: text, limit: number, used: number, resetAt: time },
}

/** Names after the dot with what happened, for one kind of entity. */
function typesOf(noun: string, schema: JsonSchema, happened: Record<string, string>): StarterType[] {
  return Object.entries(happened).map(([verb, description]) => ({
    name: `${noun}.${verb}`,
    description,
    schemas: { '1.0': schema },
  }))
}

/** The events of a CRM, a business directory and its API: what publishers of those kinds commonly send. */
export const STARTER: readonly StarterType[] = [
  ...typesOf('lead', lead, {
    created: 'A new lead was created.',
    updated: 'Information of a lead was updated.',
    deleted: 'A lead was deleted.',
    converted: 'A lead was converted to a contact.',
    status_changed: 'The status of a lead changed.',
  }),
  ...typesOf('contact', contact, {
    created: 'A new contact was created.',
    updated: 'Information of a contact was updated.',
    deleted: 'A contact was deleted.',
  }),
  ...typesOf('company', company, {
    created: 'A new company was created.',
    updated: 'Information of a company was updated.',
    deleted: 'A company was deleted.',
  }),
  ...typesOf('deal', deal, {
    created: 'A new deal was created.',
    updated: 'Information of a deal was updated.',
    deleted: 'A deal was deleted.',
    won: 'A deal was marked as won.',
    lost: 'A deal was marked as lost.',
    stage_changed: 'A deal moved to another stage.',
  }),
  ...typesOf('ticket', ticket, {
    created: 'A new ticket was created.',
    updated: 'Information of a ticket was updated.',
    deleted: 'A ticket was deleted.',
    closed: 'A ticket was closed.',
    reopened: 'A ticket was reopened.',
    escalated: 'A ticket was escalated.',
    assigned: 'A ticket was assigned to a user.',
  }),
  ...typesOf('activity', activity, {
    created: 'A new activity was created.',
    updated: 'Information of an activity was updated.',
    deleted: 'An activity was deleted.',
    completed: 'An activity was marked as completed.',
  }),
  ...typesOf('workflow', workflow, {
    executed: 'A workflow was executed.',
    action_completed: 'An action of a workflow completed.',
    action_failed: 'An action of a workflow failed.',
  }),
  ...typesOf('business', business, {
    created: 'A new business listing was added.',
    verified: 'The verification status of a business changed.',
    deleted: 'A business listing was removed.',
  }),
  ...typesOf('business', businessUpdate, { updated: 'The profile of a business changed.' }),
  ...typesOf('review', review, {
    created: 'A new review was submitted.',
    updated: 'The content or rating of a review changed.',
    responded: 'The owner of the business responded to a review.',
    moderated: 'A review was moderated.',
  }),
  ...typesOf('user', user, {
    registered: 'A new user account was created.',
    subscription_changed: 'The subscription tier of a user changed.',
  }),
  ...typesOf('api', usage, {
    rate_limit_exceeded: 'A rate limit was violated.',
    quota_warning: 'Usage approaches its limit.',
  }),
]
