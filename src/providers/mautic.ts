import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const mautic = defineProvider({
  slug: 'mautic',
  name: 'Mautic',
  docs: 'https://devdocs.mautic.org/en/latest/webhooks/events.html',
  evidence: 'code',
  secret: { label: 'Webhook secret' },
  scheme: hmac({ header: 'webhook-signature', encoding: 'base64' }),
  event: {
    type: 'oneOf:mautic.lead_post_save_new,mautic.lead_post_save_update,mautic.lead_points_change,mautic.lead_post_delete,mautic.form_on_submit,mautic.email_on_open,mautic.email_on_send,mautic.page_on_hit',
    occurredAt: 'root:/timestamp',
  },
})
