import { defineProvider } from './provider.ts'
import { anyOf } from './scheme/combine.ts'
import { digest } from './scheme/digest.ts'

export const cloudinary = defineProvider({
  slug: 'cloudinary',
  name: 'Cloudinary',
  docs: 'https://cloudinary.com/documentation/notification_signatures',
  evidence: 'sdk',
  secret: { label: 'API secret' },
  scheme: anyOf(
    digest({
      hash: 'sha1',
      header: 'x-cld-signature',
      timestamp: { header: 'x-cld-timestamp', toleranceSeconds: 7200 },
      signed: '{body}{ts}{secret}',
    }),
    digest({
      hash: 'sha256',
      header: 'x-cld-signature',
      timestamp: { header: 'x-cld-timestamp', toleranceSeconds: 7200 },
      signed: '{body}{ts}{secret}',
    }),
  ),
  event: {
    type: '/notification_type',
    id: ['/request_id', '{/asset_id}:{/timestamp}'],
    entityType: '/resource_type',
    entityId: ['/asset_id', '/public_id'],
    occurredAt: '/timestamp',
  },
})
