import { mapped, type Template } from './template.ts'

const normalised = (providerId: string, expression: string) =>
  mapped(`$merge([{ "providerId": "${providerId}" }, ${expression}, { "timestamp": $event.receivedAt }])`)

/** What changed where, in one form for all systems, for a service that synchronises them. */
export const SYNC: readonly Template[] = [
  {
    slug: 'salesforce-sync',
    name: 'Salesforce: what changed, normalised',
    description: 'Event, entity and fields of a change of a Salesforce object.',
    source: {
      provider: 'generic-hmac',
      config: {
        header: 'x-salesforce-event-signature',
        prefix: 'sha256=',
        event: {
          type: '{/sobject/name}.{/action}',
          entityType: '/sobject/name',
          entityId: '/sobject/fields/Id',
        },
      },
    },
    subscription: {
      eventTypes: ['Contact.*', 'Account.*', 'Lead.*'],
      transform: normalised(
        'salesforce',
        `{
          "eventType": action,
          "entityType": sobject.name,
          "entityId": sobject.fields.Id,
          "data": $merge([{}, sobject.fields ~> $sift(function($v, $k) { $k != "Id" })])
        }`,
      ),
    },
  },
  {
    slug: 'notion-sync',
    name: 'Notion: what changed, normalised',
    description: 'Event, page and properties of a change in Notion.',
    source: { provider: 'notion' },
    subscription: {
      eventTypes: ['page.*', 'database.*'],
      transform: normalised(
        'notion',
        `{
          "eventType": $substringAfter(type, "."),
          "entityType": object,
          "entityId": id,
          "data": properties
        }`,
      ),
    },
  },
  {
    slug: 'slack-sync',
    name: 'Slack: what happened, normalised',
    description: 'Type, timestamp and content of an event of the Events API.',
    source: { provider: 'slack' },
    subscription: {
      eventTypes: ['message', 'app_mention', 'event_callback'],
      transform: normalised(
        'slack',
        '{ "eventType": event.type, "entityType": event.type, "entityId": event.ts, "data": event }',
      ),
    },
  },
  {
    slug: 'github-issue-sync',
    name: 'GitHub: what happened to an issue, normalised',
    description: 'Action, id and content of an issue.',
    source: { provider: 'github' },
    subscription: {
      eventTypes: ['issues', 'issues.*'],
      filter: { 'body.issue.id': { $exists: true } },
      transform: normalised(
        'github',
        '{ "eventType": action, "entityType": "issue", "entityId": $string(issue.id), "data": issue }',
      ),
    },
  },
  {
    slug: 'google-contacts-sync',
    name: 'Google Contacts: which person changed, normalised',
    description: 'The resource that a Pub/Sub message names, decoded.',
    source: { provider: 'google-pubsub' },
    subscription: {
      eventTypes: ['*'],
      filter: { 'body.message.data': { $exists: true } },
      transform: {
        steps: [
          {
            kind: 'javascript',
            code: `export default ({ body, event }) => {
  const data = JSON.parse(atob(body.message.data))
  const [entityType, entityId] = String(data.resourceName ?? '').split('/')
  if (!entityId) return null
  return { body: { providerId: 'google', eventType: 'updated', entityType, entityId, data, timestamp: event.receivedAt } }
}
`,
          },
        ],
      },
    },
  },
]
