import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

/** Which of these members a body has says what it is about. */
const MEMBERS =
  'mautic.lead_post_save_new,mautic.lead_post_save_update,mautic.lead_points_change,' +
  'mautic.lead_post_delete,mautic.form_on_submit,mautic.email_on_open,mautic.email_on_send,' +
  'mautic.page_on_hit'

export const mautic = defineProvider({
  slug: 'mautic',
  name: 'Mautic',
  docs: 'https://devdocs.mautic.org/en/latest/webhooks/events.html',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'webhook-signature', encoding: 'base64' }),
  event: {
    type: `oneOf:${MEMBERS}`,
    occurredAt: 'root:/timestamp',
  },
})
