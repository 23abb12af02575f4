import { defineProvider } from './provider.ts'
import { echoQuery } from './scheme/challenges.ts'
import { hmac } from './scheme/hmac.ts'

export const dropbox = defineProvider({
  slug: 'dropbox',
  name: 'Dropbox',
  docs: 'https://www.dropbox.com/developers/reference/webhooks',
  evidence: 'code',
  secret: { label: 'App secret' },
  scheme: hmac({ header: 'x-dropbox-signature' }),
  event: { typeDefault: 'list_folder', entityType: '=account', entityId: '/list_folder/accounts/0' },
  handshakes: [echoQuery('challenge')],
})
