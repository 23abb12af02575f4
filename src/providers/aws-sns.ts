import { utf8 } from '../model/bytes.ts'
import { defineProvider } from './provider.ts'
import { documentOf } from './scheme/document.ts'
import { emptyAnswer } from './scheme/handshake.ts'
import { atPointer, scalarText } from './scheme/json.ts'
import { isPinned } from './scheme/keys.ts'
import { failed, type Scheme } from './scheme/scheme.ts'
import { checkSignatures } from './scheme/signature.ts'

const HOSTS = [/^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$/]
const CERTIFICATES = /^\/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$/
const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

const scheme: Scheme = {
  summary:
    'RSA-SHA1 or RSA-SHA256 base64 of the named fields in `Signature`, by the certificate at `SigningCertURL`',
  verify: async (inbound) => {
    const document = documentOf(inbound.request)
    const message = 'value' in document ? document.value : undefined
    const field = (name: string): string | undefined => scalarText(atPointer(message, `/${name}`))
    const sent = field('Signature')
    if (!sent) return failed('missing_header', 'no Signature in the body')
    const version = field('SignatureVersion')
    if (version !== '1' && version !== '2') return failed('bad_format', 'unknown SignatureVersion')
    const names = field('Type') === 'Notification' ? NOTIFICATION : CONFIRMATION
    const lines = names.flatMap((name) => (field(name) === undefined ? [] : [`${name}\n${field(name)}\n`]))
    return checkSignatures(
      {
        name: 'rsa',
        hash: version === '1' ? 'sha1' : 'sha256',
        keyAt: { place: '/SigningCertURL', hosts: HOSTS, path: CERTIFICATES },
      },
      { signatures: [sent], contents: [utf8(lines.join(''))], inbound },
    )
  },
}

export const awsSns = defineProvider({
  slug: 'aws-sns',
  name: 'AWS SNS',
  docs: 'https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html',
  evidence: 'sdk',
  scheme,
  event: {
    type: ['header:x-amz-sns-message-type', '/Type'],
    id: '/MessageId',
    entityType: '=topic',
    entityId: '/TopicArn',
    occurredAt: '/Timestamp',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { 'header:x-amz-sns-message-type': 'SubscriptionConfirmation' } },
      signed: true,
      answer: ({ read }) => {
        const url = read('/SubscribeURL') ?? ''
        return isPinned({ url, hosts: HOSTS })
          ? { ...emptyAnswer(), effect: { kind: 'visit', url } }
          : undefined
      },
    },
  ],
})
