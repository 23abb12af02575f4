import { defineProvider } from './provider.ts'
import { hmac } from './scheme/hmac.ts'

export const formstack = defineProvider({
  slug: 'formstack',
  name: 'Formstack',
  docs: 'https://help.formstack.com/s/article/WebHooks',
  evidence: 'code',
  secret: { label: 'HMAC key' },
  scheme: hmac({ header: 'x-fs-signature', prefix: 'sha256=' }),
  event: { typeDefault: 'submission', id: '/UniqueID', entityType: '=form', entityId: '/FormID' },
})
