/** Payloads as the providers and publishers that the templates are for document them. */
export const HALO = (event_type: string, changes: object) => ({
  event_type,
  data: { entity_type: 'ticket', entity_id: 4711 },
  changes,
})

export const APOLLO_PERSON = {
  event_type: 'person_discovered',
  timestamp: '2026-01-19T10:30:00Z',
  data: {
    person: {
      id: 'apollo_person_id',
      first_name: 'John',
      last_name: 'Doe',
      email: 'john.doe@company.com',
      title: 'VP of Sales',
      linkedin_url: 'https://linkedin.com/in/johndoe',
      phone_numbers: [{ raw_number: '+1-555-123-4567', sanitized_number: '+15551234567', type: 'work' }],
      organization: {
        id: 'apollo_org_id',
        name: 'Acme Corporation',
        website_url: 'https://acme.com',
        industry: 'Software',
        estimated_num_employees: 500,
      },
    },
  },
}

export const ZOOMINFO_SHORT = {
  eventType: 'CONTACT_UPDATED',
  eventId: 'evt_123456789',
  timestamp: '2026-01-19T15:45:30Z',
  data: {
    contact: {
      personId: 'zoom_person_123',
      firstName: 'Jane',
      lastName: 'Smith',
      email: 'jane.smith@techcorp.com',
      directPhone: '+1-555-987-6543',
      title: 'Director of Engineering',
      department: 'Engineering',
      companyId: 'zoom_company_456',
      lastUpdated: '2026-01-19T15:44:00Z',
    },
    changes: [{ field: 'title', oldValue: 'Senior Engineer', newValue: 'Director of Engineering' }],
  },
}

export const ZOOMINFO_CONTACT = {
  eventId: 'zoom_event_123',
  eventType: 'CONTACT_UPDATED',
  timestamp: '2024-01-15T10:30:00Z',
  data: {
    contact: {
      personId: 'zoominfo_person_id',
      firstName: 'Jane',
      lastName: 'Smith',
      email: 'jane.smith@techcorp.com',
      jobTitle: 'Chief Technology Officer',
      directPhone: '+1-555-987-6543',
      linkedInUrl: 'https://linkedin.com/in/janesmith',
      managementLevel: 'c-level',
      department: 'information-technology',
      companyName: 'TechCorp Solutions',
      companyWebsite: 'https://techcorp.com',
      companyPhone: '+1-555-987-6500',
      industry: 'Software Development',
      employeeCount: 250,
      revenue: '$50M-$100M',
      companyId: 'zoominfo_company_id',
    },
    changes: [
      { field: 'jobTitle', oldValue: 'VP of Technology', newValue: 'Chief Technology Officer' },
      { field: 'email', oldValue: 'j.smith@techcorp.com', newValue: 'jane.smith@techcorp.com' },
    ],
  },
}

export const ZOOMINFO_COMPANY = {
  eventId: 'zoom_event_124',
  eventType: 'COMPANY_UPDATED',
  timestamp: '2024-01-15T11:15:00Z',
  data: {
    company: {
      companyId: 'zoominfo_company_id',
      name: 'TechCorp Solutions',
      website: 'https://techcorp.com',
      industry: 'Software Development',
      employeeCount: 275,
      revenue: '$50M-$100M',
      foundedYear: 2010,
      street: '123 Innovation Drive',
      city: 'Austin',
      state: 'TX',
      zipCode: '78701',
      country: 'United States',
      phone: '+1-555-987-6500',
      technologies: ['Salesforce', 'Microsoft Office 365', 'AWS', 'Kubernetes'],
    },
    changes: [{ field: 'employeeCount', oldValue: 250, newValue: 275 }],
  },
}

export const HUNTER = {
  event: 'email_verified',
  webhook_id: 'hunter_webhook_123',
  created_at: '2026-01-19T12:15:00Z',
  data: {
    email: 'contact@newcompany.com',
    result: 'deliverable',
    score: 95,
    regexp: true,
    gibberish: false,
    disposable: false,
    webmail: false,
    mx_records: true,
    smtp_server: true,
    smtp_check: true,
    accept_all: false,
    block: false,
    sources: [
      {
        domain: 'newcompany.com',
        uri: 'https://newcompany.com/team',
        extracted_on: '2026-01-18',
        last_seen_on: '2026-01-19',
        still_on_page: true,
      },
    ],
  },
}

export const CRM_LEAD = {
  eventId: 'evt_123456',
  eventType: 'lead.created',
  timestamp: '2026-01-17T10:30:00Z',
  tenantId: 'tenant_789',
  data: {
    id: 'lead_abc123',
    firstName: 'John',
    lastName: 'Doe',
    email: 'john.doe@example.com',
    phone: '+1234567890',
    company: 'Example Corp',
    source: 'Website',
    status: 'New',
    createdAt: '2026-01-17T10:30:00Z',
    createdBy: 'user_456',
  },
  metadata: { version: '1.0', environment: 'production' },
}

export const CRM_LEAD_SHORT = {
  eventType: 'lead.created',
  data: {
    id: 'lead_123',
    firstName: 'John',
    lastName: 'Doe',
    email: 'john@example.com',
    source: 'Website',
    status: 'New',
  },
}

export const CRM_DEAL = {
  eventType: 'deal.won',
  data: {
    id: 'deal_456',
    name: 'Enterprise Plan - Acme Corp',
    amount: 50_000,
    stage: 'Closed Won',
    wonDate: '2026-01-17T10:30:00Z',
    contactId: 'contact_789',
    companyId: 'company_012',
  },
}

export const CRM_TICKET = {
  eventType: 'ticket.closed',
  data: {
    id: 'ticket_789',
    subject: 'Login issue',
    priority: 'High',
    status: 'Closed',
    resolution: 'Password reset sent',
    closedAt: '2026-01-17T10:30:00Z',
    closedBy: 'user_456',
    resolutionTime: 3600,
  },
}

export const BUSINESS = {
  id: 'test_business_123',
  name: 'Test Restaurant',
  category: 'restaurant',
  address: { street: '123 Main St', city: 'San Francisco', state: 'CA', zip: '94105' },
  phone: '(555) 123-4567',
  website: 'https://testrestaurant.com',
}

/** As the schemas of the directory have them. */
export const BUSINESS_WITH_CONTACT = {
  id: 'test_business_123',
  name: 'Test Restaurant',
  category: 'restaurant',
  address: {
    street: '123 Main St',
    city: 'San Francisco',
    state: 'CA',
    zip: '94105',
    coordinates: { lat: 37.79, lng: -122.39 },
  },
  contact: {
    phone: '(555) 123-4567',
    email: 'hello@testrestaurant.com',
    website: 'https://testrestaurant.com',
  },
  status: 'active',
  created_at: '2026-01-19T10:30:00Z',
}

export const BUSINESS_UPDATED = {
  id: 'test_business_123',
  changes: { phone: { old_value: '(555) 123-4567', new_value: '(555) 123-4568' } },
  updated_at: '2026-01-19T11:30:00Z',
}

export const REVIEW = {
  id: 'test_review_456',
  business_id: 'test_business_123',
  rating: 4,
  title: 'Great experience!',
  content: 'Had a wonderful time at this restaurant.',
  author: { name: 'John Doe', verified: true },
}

export const SALESFORCE = {
  action: 'created',
  sobject: {
    name: 'Contact',
    fields: { Id: '003xx000004TMM', FirstName: 'John', LastName: 'Doe', Email: 'john.doe@example.com' },
  },
}

export const NOTION = {
  type: 'page.created',
  object: 'page',
  id: '9e36757ce11844e8976dba13e02a9f5b',
  properties: { Title: { title: [{ text: { content: 'New Page' } }] } },
}

export const SLACK = {
  type: 'event_callback',
  event: {
    type: 'message',
    channel: 'C123456',
    user: 'U123456',
    text: 'Hello @bot',
    ts: '1234567890.000001',
  },
}

export const GITHUB = {
  action: 'opened',
  issue: { number: 123, id: 1_234_567, title: 'Bug: Login fails on mobile', user: { login: 'john_dev' } },
}

export const GOOGLE = {
  message: {
    data: 'eyJyZXNvdXJjZU5hbWUiOiJwZW9wbGUvYzEyMzQ1NjciLCAicGVyc29uRmllbGRzIjogWyJuYW1lcyIsICJlbWFpbEFkZHJlc3NlcyJdfQ==',
  },
}

/** What the parsers of the webhook management document are shown with. */
export const SHORT = {
  salesforce: {
    action: 'created',
    sobject: { name: 'Contact', fields: { Id: '00Qxx0000000000', FirstName: 'John' } },
  },
  salesforceIdOnly: { action: 'created', sobject: { name: 'Contact', fields: { Id: '00Qxx0000000000' } } },
  notion: { type: 'page.created', object: 'page', id: 'page-123', properties: { Status: { select: null } } },
  slack: { type: 'event_callback', event: { type: 'message', channel: 'C123', user: 'U123', ts: '1.2' } },
  github: { action: 'opened', issue: { number: 123, id: 1_234_567 } },
}
