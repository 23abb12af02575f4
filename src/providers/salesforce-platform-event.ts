import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

export const salesforcePlatformEvent = defineProvider({
  slug: 'salesforce-platform-event',
  name: 'Salesforce Apex/Flow callout, Platform Event relay',
  docs: 'https://developer.salesforce.com/docs/atlas.en-us.platform_events.meta/platform_events/platform_events_intro.htm',
  evidence: 'code',
  secret: { label: 'Token that your flow or callout sends' },
  scheme: token({ at: 'header:authorization', prefix: 'Bearer ' }),
  event: {
    type: ['/payload/type', '/type', '/event/EventApiName'],
    typeDefault: 'platform_event',
    id: ['/event/EventUuid', '/event/replayId', '/EventUuid', '/ReplayId'],
    entityId: ['/payload/RecordId__c', '/payload/Id', '/Id'],
    occurredAt: ['/payload/CreatedDate', '/CreatedDate'],
    changes: '/payload/ChangeEventHeader/changedFields',
  },
  notes:
    'Salesforce pushes no platform events by HTTP itself: a flow, an Apex callout or an event relay sends them, with a token that you choose.',
})
