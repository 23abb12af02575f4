import { defineProvider } from './provider.ts'
import { token } from './scheme/token.ts'

const ACK =
  '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">' +
  '<soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>' +
  '</notificationsResponse></soapenv:Body></soapenv:Envelope>'

export const salesforceOutbound = defineProvider({
  slug: 'salesforce-outbound',
  name: 'Salesforce Outbound Message',
  docs: 'https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging.htm',
  evidence: 'documentation',
  secret: { label: 'Token in the query (`secret`)' },
  scheme: token({ at: 'query:secret', named: true }),
  event: {
    type: '/sObject/@type',
    typeDefault: 'outbound_message',
    id: '/Id',
    entityType: '/sObject/@type',
    entityId: '/sObject/Id',
    occurredAt: ['/sObject/SystemModstamp', '/sObject/LastModifiedDate'],
    batch: '/Envelope/Body/notifications/Notification',
  },
  answer: { contentType: 'text/xml', body: ACK },
  notes:
    'Salesforce repeats a message for 24 hours until the answer acknowledges it; up to 100 notifications come at once.',
})
