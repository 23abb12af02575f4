import { mapped, type Template } from './template.ts'

const secret = 'x-webhook-signature'
const sourceOf = (event: Record<string, string>, header = secret) => ({
  provider: 'generic-hmac',
  config: { header, event },
})

const apollo = sourceOf({ type: '/event_type', occurredAt: '/timestamp' })
const zoominfo = sourceOf(
  { type: '/eventType', id: '/eventId', occurredAt: '/timestamp' },
  'x-zoominfo-signature',
)
const hunter = sourceOf({ type: '/event', occurredAt: '/created_at' })

const CHANGE_LOG = '$join(data.changes.(field & ": " & oldValue & " → " & newValue), ", ")'

/** Where people and companies are found, as HaloPSA's contacts and clients. */
export const ENRICHMENT: readonly Template[] = [
  {
    slug: 'apollo-person-to-halopsa',
    name: 'Apollo.io: a person becomes a HaloPSA contact',
    description: 'Found by its e-mail address, else created; custom field 100 keeps the id at Apollo.',
    source: apollo,
    subscription: {
      eventTypes: ['person_discovered'],
      transform: mapped(`data.person.{
        "firstname": first_name,
        "surname": last_name,
        "emailaddress": email,
        "jobtitle": title,
        "phonenumber": phone_numbers[0].sanitized_number,
        "linkedin_url": linkedin_url,
        "organisation": organization.{ "name": name, "website": website_url, "apollo_id": id },
        "notes": "Enriched from Apollo.io on " & $event.receivedAt,
        "customfields": [{ "id": 100, "value": id }]
      }`),
    },
  },
  {
    slug: 'apollo-organization-to-halopsa',
    name: 'Apollo.io: an organisation becomes a HaloPSA client',
    description: 'Name, website, industry and size of an organisation that was updated.',
    source: apollo,
    subscription: {
      eventTypes: ['organization_updated'],
      transform: mapped(`data.organization.{
        "name": name,
        "website": website_url,
        "industry": industry,
        "employees": estimated_num_employees,
        "apollo_id": id
      }`),
    },
  },
  {
    slug: 'zoominfo-contact-to-halopsa',
    name: 'ZoomInfo: a contact update reaches HaloPSA',
    description:
      'The contact as it is now, growth signals in custom field 103, and what was changed as a note.',
    source: zoominfo,
    subscription: {
      eventTypes: ['CONTACT_UPDATED'],
      transform: mapped(`{
        "zoominfo_id": data.contact.personId,
        "firstname": data.contact.firstName,
        "surname": data.contact.lastName,
        "emailaddress": data.contact.email,
        "jobtitle": $exists(data.contact.jobTitle) ? data.contact.jobTitle : data.contact.title,
        "phonenumber": $exists(data.contact.directPhone) ? data.contact.directPhone : data.contact.companyPhone,
        "linkedin_url": data.contact.linkedInUrl,
        "notes": "ZoomInfo Update (" & $event.receivedAt & "): " & ${CHANGE_LOG},
        "customfields": [{
          "id": 103,
          "value": $join([
            $exists(data.contact.revenue) ? "Revenue: " & data.contact.revenue,
            $exists(data.contact.employeeCount) ? "Employees: " & data.contact.employeeCount,
            $exists(data.contact.managementLevel) ? "Level: " & data.contact.managementLevel,
            $exists(data.contact.department) ? "Dept: " & data.contact.department
          ], " | ")
        }]
      }`),
    },
  },
  {
    slug: 'zoominfo-company-to-halopsa',
    name: 'ZoomInfo: a company update reaches HaloPSA',
    description: 'The client as it is now, found by its website or name, and what was changed as a note.',
    source: zoominfo,
    subscription: {
      eventTypes: ['COMPANY_UPDATED'],
      transform: mapped(`{
        "zoominfo_id": data.company.companyId,
        "name": data.company.name,
        "website": data.company.website,
        "phonenumber": data.company.phone,
        "industry": data.company.industry,
        "address": data.company.{ "line1": street, "city": city, "state": state, "postcode": zipCode, "country": country },
        "notes": "ZoomInfo Company Update (" & $event.receivedAt & "): " & ${CHANGE_LOG}
      }`),
    },
  },
  {
    slug: 'hunter-verification-to-halopsa',
    name: 'Hunter.io: the result of an e-mail verification',
    description: 'Custom fields 101 and 102 of the contact take the result and the score.',
    source: hunter,
    subscription: {
      eventTypes: ['email_verified'],
      transform: mapped(`{
        "emailaddress": data.email,
        "customfields": [{ "id": 101, "value": data.result }, { "id": 102, "value": $string(data.score) }]
      }`),
    },
  },
  {
    slug: 'hunter-undeliverable-review',
    name: 'Hunter.io: an undeliverable address is reviewed',
    description: 'A contact whose address was found undeliverable is flagged for a person to look at.',
    source: hunter,
    subscription: {
      eventTypes: ['email_verified'],
      filter: { 'data.result': { $ne: 'deliverable' } },
      transform: mapped(`{
        "action": "flag_for_review",
        "emailaddress": data.email,
        "reason": "Email verification failed: " & data.result
      }`),
    },
  },
]
