import { utf8 } from '../model/bytes.ts'
import { defineProvider } from './provider.ts'
import { documentOf } from './scheme/document.ts'
import { emptyAnswer } from './scheme/handshake.ts'
import { atPointer, scalarText } from './scheme/json.ts'
import { isPinned } from './scheme/keys.ts'
import { failed, type Scheme } from './scheme/scheme.ts'
import { checkSignatures } from './scheme/signature.ts'

const HOSTS = [/^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$/]
const PATH = /^\/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$/
const KEY_AT = { place: '/SigningCertURL', hosts: HOSTS, path: PATH } as const
const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'TopicArn', 'Type']
const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

const scheme: Scheme = {
  summary:
    'RSA-SHA1 or -SHA256 base64 of named fields in `Signature`, by the certificate at `SigningCertURL`',
  verify: async (inbound) => {
    const document = documentOf(inbound.request)
    const message = 'value' in document ? document.value : undefined
    const field = (name: string): string | undefined => scalarText(atPointer(message, `/${name}`))
    const lines = (name: string): string => (field(name) === undefined ? '' : `${name}\n${field(name)}\n`)
    const sent = field('Signature')
    if (!sent) return failed('missing_header', 'no Signature in the body')
    const version = field('SignatureVersion')
    if (version !== '1' && version !== '2') return failed('bad_format', 'unknown SignatureVersion')
    // Whether the token is signed when a subscription ends, AWS and its own validator disagree.
    const either = field('Type') === 'UnsubscribeConfirmation' ? [CONFIRMATION, NOTIFICATION] : []
    const signed = field('Type') === 'SubscriptionConfirmation' ? [CONFIRMATION] : [NOTIFICATION]
    const contents = [...signed, ...either].map((names) => utf8(names.map(lines).join('')))
    const spec = { name: 'rsa', hash: version === '1' ? 'sha1' : 'sha256', keyAt: KEY_AT } as const
    return checkSignatures(spec, { signatures: [sent], contents, inbound })
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
    entityId: '/TopicArn',
    occurredAt: '/Timestamp',
  },
  handshakes: [
    {
      when: { method: 'POST', has: { 'header:x-amz-sns-message-type': 'SubscriptionConfirmation' } },
      signed: true,
      answer: ({ read }) => {
        const url = read('/SubscribeURL') ?? ''
        if (!isPinned({ url, hosts: HOSTS })) return undefined
        return { ...emptyAnswer(), effect: { kind: 'visit', url } }
      },
    },
  ],
})
