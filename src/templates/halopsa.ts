import { mapped, type Template } from './template.ts'

/** Signed as `hex(HMAC-SHA256(timestamp + body))`, the timestamp in milliseconds and at most five minutes old. */
const source = {
  provider: 'generic-hmac',
  config: {
    header: 'x-webhook-signature',
    content: '{ts}{body}',
    timestamp: { header: 'x-webhook-timestamp', unit: 'ms', toleranceSeconds: 300 },
    event: { type: ['/event_type', '/event'], entityType: '/data/entity_type', entityId: '/data/entity_id' },
  },
}

/** What else writes to HaloPSA: its changes are not a person's. */
const AUTOMATED = ['B2B Integration', 'System', 'API']

const changedField = (from: number, to: number) => ({
  'changes.customfields': { $elemMatch: { id: { $gte: from, $lte: to } } },
})
const fieldsBetween = (from: number, to: number) => `[changes.customfields[id >= ${from} and id <= ${to}]]`

export const HALOPSA: readonly Template[] = [
  {
    slug: 'halopsa-manual-change-protection',
    name: 'HaloPSA: protect what a person changed',
    description:
      'A ticket that a person, not an integration, has updated is flagged, so that later automatic updates spare it.',
    source,
    subscription: {
      eventTypes: ['tickets.updated'],
      filter: { 'changes.last_update_user': { $exists: true, $nin: [...AUTOMATED, null, ''] } },
      transform: mapped(
        '{ "action": "flag_for_protection", "ticket_id": data.entity_id, "changed_by": changes.last_update_user }',
      ),
    },
  },
  {
    slug: 'halopsa-do-not-contact',
    name: 'HaloPSA: do-not-contact sync',
    description:
      'Custom field 105 set to true, or the status 6 (Do Not Contact), is carried to the other systems.',
    source,
    subscription: {
      eventTypes: ['tickets.updated', 'tickets.status_changed'],
      filter: {
        $or: [
          { type: 'tickets.updated', 'changes.customfields': { $elemMatch: { id: 105, new_value: true } } },
          { type: 'tickets.status_changed', 'changes.status_id.new_value': 6 },
        ],
      },
      transform: mapped('{ "action": "sync_do_not_contact", "entity_id": data.entity_id }'),
    },
  },
  {
    slug: 'halopsa-engaged-converts',
    name: 'HaloPSA: an engaged lead becomes a prospect',
    description: 'The status 4 (Engaged) starts the conversion of a lead to a prospect.',
    source,
    subscription: {
      eventTypes: ['tickets.status_changed'],
      filter: { 'changes.status_id.new_value': 4 },
      transform: mapped('{ "action": "convert_lead_to_prospect", "entity_id": data.entity_id }'),
    },
  },
  {
    slug: 'halopsa-intelligence-sync',
    name: 'HaloPSA: company intelligence sync',
    description: 'Changes of the intelligence fields 106 to 113 are synchronised, and only those.',
    source,
    subscription: {
      eventTypes: ['tickets.custom_field_changed'],
      filter: changedField(106, 113),
      transform: mapped(
        `{ "action": "sync_company_intelligence", "entity_id": data.entity_id, "fields": ${fieldsBetween(106, 113)} }`,
      ),
    },
  },
  {
    slug: 'halopsa-qualification-check',
    name: 'HaloPSA: opportunity promotion check',
    description:
      'Changes of the qualification fields 201 to 206 ask whether a prospect can become an opportunity.',
    source,
    subscription: {
      eventTypes: ['tickets.custom_field_changed'],
      filter: changedField(201, 206),
      transform: mapped(
        `{ "action": "check_opportunity_promotion", "entity_id": data.entity_id, "fields": ${fieldsBetween(201, 206)} }`,
      ),
    },
  },
  {
    slug: 'halopsa-new-entities',
    name: 'HaloPSA: enrich what is new',
    description: 'New organisations and contacts are enriched, new prospects are scored and routed.',
    source,
    subscription: {
      eventTypes: ['organisation.created', 'contact.created', 'prospect.created'],
      transform: mapped(`{
        "action": $event.type = "organisation.created" ? "enrich_organization"
          : $event.type = "contact.created" ? "enrich_contact" : "score_and_route_prospect",
        "data": data
      }`),
    },
  },
]
