import { mapped, type Template } from './template.ts'

/** A publisher that signs `sha256=` and the HMAC of the body, and wraps its data in an envelope. */
const source = {
  provider: 'generic-hmac',
  config: {
    header: 'x-webhook-signature',
    prefix: 'sha256=',
    event: { type: '/eventType', id: '/eventId', occurredAt: '/timestamp', entityId: '/data/id' },
  },
}

const isReal = { $not: { 'body.metadata.environment': 'test' } }

export const CRM: readonly Template[] = [
  {
    slug: 'crm-without-test-events',
    name: 'CRM: everything but test events',
    description: 'Leads and deals as they come, without those of a test environment.',
    source,
    subscription: { eventTypes: ['lead.*', 'deal.*', 'ticket.*'], filter: isReal },
  },
  {
    slug: 'crm-lead-to-mailing-list',
    name: 'CRM: a new lead joins the mailing list',
    description: 'Address, name and source of a lead.',
    source,
    subscription: {
      eventTypes: ['lead.created'],
      filter: { $and: [isReal, { 'data.email': { $contains: '@' } }] },
      transform: mapped(
        'data.{ "email": email, "firstName": firstName, "lastName": lastName, "source": source }',
      ),
    },
  },
  {
    slug: 'crm-deal-to-invoice',
    name: 'CRM: a deal that was won becomes an invoice',
    description: 'What an invoice needs of a deal.',
    source,
    subscription: {
      eventTypes: ['deal.won'],
      filter: isReal,
      transform: mapped(
        'data.{ "dealId": id, "description": name, "amount": amount, "companyId": companyId, "contactId": contactId, "date": wonDate }',
      ),
    },
  },
  {
    slug: 'crm-ticket-to-survey',
    name: 'CRM: a closed ticket asks for satisfaction',
    description: 'The ticket and how it was resolved, for a survey.',
    source,
    subscription: {
      eventTypes: ['ticket.closed'],
      filter: isReal,
      transform: mapped('data.{ "ticketId": id, "subject": subject, "resolution": resolution }'),
    },
  },
  {
    slug: 'directory-business-to-salesforce-lead',
    name: 'Directory: a new business becomes a Salesforce lead',
    description: 'The fields of a Lead from a business listing.',
    source: null,
    subscription: {
      eventTypes: ['business.created'],
      transform: mapped(`{
        "objectType": "Lead",
        "fields": {
          "Company": name,
          "Website": $exists(website) ? website : contact.website,
          "Phone": $exists(phone) ? phone : contact.phone,
          "Street": address.street,
          "City": address.city,
          "State": address.state,
          "PostalCode": address.zip,
          "LeadSource": "Directory API",
          "Status": "New"
        }
      }`),
    },
  },
  {
    slug: 'directory-review-to-salesforce-case',
    name: 'Directory: a new review becomes a Salesforce case',
    description: 'Reviews with one or two stars have a high priority.',
    source: null,
    subscription: {
      eventTypes: ['review.created'],
      transform: mapped(`{
        "objectType": "Case",
        "fields": {
          "Subject": "New Review: " & ($exists(business.name) ? business.name : business_id),
          "Description": content,
          "Priority": rating <= 2 ? "High" : "Low",
          "Origin": "Directory API",
          "Status": "New"
        }
      }`),
    },
  },
  {
    slug: 'directory-payload',
    name: 'Directory: id, type, created and data',
    description: 'The payload that receivers of the directory expect.',
    source: null,
    subscription: {
      eventTypes: ['business.*', 'review.*', 'user.*', 'api.*'],
      transform: mapped('{ "id": $event.id, "type": $event.type, "created": $event.receivedAt, "data": $ }'),
    },
  },
]
