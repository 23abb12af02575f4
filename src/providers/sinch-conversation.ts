import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

/** Which of these members a body has says what it is about. */
const MEMBERS =
  'message,message_delivery_report,event,event_delivery_report,contact_create_notification,' +
  'contact_delete_notification,contact_merge_notification,conversation_start_notification,' +
  'conversation_stop_notification,capability_notification,opt_in_notification,' +
  'opt_out_notification,unsupported_callback'

export const sinchConversation = defineProvider({
  slug: 'sinch-conversation',
  name: 'Sinch Conversation/Numbers',
  docs: 'https://developers.sinch.com/docs/conversation/callbacks/',
  evidence: 'sdk',
  secret: { label: 'Webhook secret' },
  scheme: hmac({
    header: 'x-sinch-webhook-signature',
    timestamp: { header: 'x-sinch-webhook-signature-timestamp' },
    encoding: 'base64',
    signed: '{body}.{header:x-sinch-webhook-signature-nonce}.{ts}',
  }),
  event: {
    type: `oneOf:${MEMBERS}`,
    id: 'header:x-sinch-webhook-signature-nonce',
    entityId: [
      '/message/id',
      '/message_delivery_report/message_id',
      '/contact_create_notification/contact/id',
    ],
    occurredAt: ['/event_time', '/accepted_time'],
  },
})
