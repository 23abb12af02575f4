import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerHandshake } from '../../src/ingest/handshake.ts'
import { normalise } from '../../src/ingest/normalise.ts'
import { verifyRequest } from '../../src/ingest/verify.ts'
import { newId } from '../../src/model/id.ts'
import type { HeaderPair, RawRequest } from '../../src/model/request.ts'
import { providers } from '../../src/providers/registry.ts'
import { noKeys } from '../../src/providers/scheme/keys.ts'
import { sourceOf, vectorFiles, type Vector } from '../case/provider.case.ts'

/** Signatures that do not cover the body: a changed body is not theirs to notice. */
const BODY_NOT_COVERED = ['chargebee', 'google-pubsub', 'mailgun', 'telegram']
/** The signature stands in the body, so its fields outside the signed ones may change. */
const BODY_PARTLY_COVERED = ['adyen-standard', 'aws-sns', 'alipay', 'mandrill', 'plivo', 'twilio']
/** Public keys: the secret of these files is not what verifies. */
const KEY_IN_CONFIG = [
  'alipay',
  'aws-sns',
  'discord',
  'ebay',
  'google-pubsub',
  'paypal',
  'plaid',
  'sendgrid',
  'wise',
]

const valid = vectorFiles().flatMap(({ file, vectors }) => {
  const vector = vectors.find(({ expected }) => expected === 'valid')
  return vector === undefined ? [] : [{ file, vector }]
})

const verdictOf = async ({ source, request, now }: Vector): Promise<string> =>
  (await verifyRequest({ source, request, now, keys: noKeys })).verdict

const flipped = (text: string, bit: number): string => {
  const index = Math.floor(bit / 7) % text.length
  const code = text.charCodeAt(index) ^ (1 << (bit % 7))
  return text.slice(0, index) + String.fromCharCode(code) + text.slice(index + 1)
}

const SIGNED_HEADERS =
  /sign|hmac|authorization|token|secret|-timestamp|-mac|^webhook-id|^svix-id|verification|x-trello/

/** The headers that carry a signature or a time, of those that a vector has. Sentry's time is not signed. */
const signedHeaders = ({ request }: Vector): string[] =>
  request.headers
    .map(([name]) => name)
    .filter((name) => SIGNED_HEADERS.test(name) && name !== 'sentry-hook-timestamp')

describe.each(valid)('a valid request of $file', ({ file, vector }) => {
  it('fails with any one bit of a signature or time changed', async () => {
    for (const name of signedHeaders(vector)) {
      const value = vector.request.headers.find(([known]) => known === name)?.[1] ?? ''
      for (let bit = 0; bit < value.length * 7; bit++) {
        const changed = flipped(value, bit)
        if (isSameToServer(value, changed)) continue
        const headers = vector.request.headers.map(([known, old]): HeaderPair => [
          known,
          known === name ? changed : old,
        ])
        const request = { ...vector.request, headers }
        expect(await verdictOf({ ...vector, request }), `${name}: ${changed}`).toBe('failed')
      }
    }
  })

  it.skipIf(BODY_NOT_COVERED.includes(file) || BODY_PARTLY_COVERED.includes(file))(
    'fails with any one bit of the body changed',
    async () => {
      for (let bit = 0; bit < vector.request.body.byteLength * 8; bit++) {
        const body = new Uint8Array(vector.request.body)
        body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(await verdictOf({ ...vector, request: { ...vector.request, body } })).toBe('failed')
      }
    },
  )

  it.skipIf(KEY_IN_CONFIG.includes(file))('fails with any one bit of the secret changed', async () => {
    const [secret = ''] = vector.source.secrets
    for (let bit = 0; bit < secret.length * 7; bit++) {
      const changed = flipped(secret, bit)
      if (isSameKey(file, secret, changed)) continue
      expect(await verdictOf({ ...vector, source: { ...vector.source, secrets: [changed] } }), changed).toBe(
        'failed',
      )
    }
  })

  it('fails without a secret, and verifies beside a wrong one', async () => {
    const { source } = vector
    const config = { ...source.settings.config }
    delete config['keys']
    const bare = { ...source, settings: { ...source.settings, config } }
    expect(await verdictOf({ ...vector, source: { ...bare, secrets: [] } })).toBe('failed')
    expect(await verdictOf({ ...vector, source: { ...bare, secrets: [''] } })).toBe('failed')
    const secrets = ['c29tZSBvdGhlciBzZWNyZXQ=', ...source.secrets, '']
    expect(await verdictOf({ ...vector, source: { ...source, secrets } })).not.toBe('failed')
  })
})

describe.each(providers)('$slug', (provider) => {
  const source = sourceOf(provider.slug, ['secret', 'whsec_c2VjcmV0', 'ab'.repeat(32)])
  const places = [...JSON.stringify(sampleHeaders(provider.slug)).matchAll(/[a-z]+(?:-[a-z0-9]+)+/g)].map(
    String,
  )
  const name = fc.constantFrom('authorization', 'content-type', 'signature', ...places)
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      't=1,v1=',
      'v1,',
      'sha256=',
      'Bearer a.b.c',
      'Basic Og==',
      '1760000000',
      '1e9',
      ' 1',
      '=',
      ',,;;',
    ),
  )
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.json({ maxDepth: 4 }).map((text) => new TextEncoder().encode(text)),
    fc
      .constantFrom('payload={', '<a><b/>', '<!ENTITY', 'a=%ZZ&=&', 'eyJ.e30.x', '{"a":1}\n{', '--x\r\n')
      .map((text) => new TextEncoder().encode(text)),
  )

  it('takes any bytes in headers and body without throwing', async () => {
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS'),
      url: fc.string({ maxLength: 30 }).map((text) => `https://gateway.example.test/in/a?${text}`),
      headers: fc.array(fc.tuple(name, value), { maxLength: 6 }),
      body: body.map((bytes) => new Uint8Array(bytes)),
      receivedAt: fc.constant(1_760_000_000_000),
    })
    const check = async (value: RawRequest): Promise<void> => {
      const now = value.receivedAt
      const verification = await verifyRequest({ source, request: value, now, keys: noKeys })
      expect(['failed', 'unattempted']).toContain(verification.verdict)
      await answerHandshake({ source, request: value, now, keys: noKeys })
      const input = {
        source,
        request: value,
        path: '',
        verification,
        metadata: {},
        newEventId: () => newId('evt', now),
      }
      await normalise(input)
    }
    await fc.assert(fc.asyncProperty(request, check), { numRuns: 40 })
  })
})

/** Changes that no server sees: the case of the name of an authentication scheme (RFC 7235), its white space. */
function isSameToServer(value: string, changed: string): boolean {
  return (
    /^(basic|bearer|application) /i.test(value) &&
    value.toLowerCase() === changed.toLowerCase() &&
    value.slice(value.indexOf(' ')) === changed.slice(value.indexOf(' '))
  )
}

/** Two spellings of one key: unused bits of base64, the case of hex, a final blank in neither. */
function isSameKey(file: string, secret: string, changed: string): boolean {
  const form = secret.startsWith('whsec_') && changed.startsWith('whsec_') ? 'base64' : undefined
  const encoding =
    { airtable: 'base64', 'ms-teams-outgoing': 'base64', 'sinch-voice': 'base64' }[file] ?? form
  if (file === 'adyen-standard') return secret.toLowerCase() === changed.toLowerCase()
  if (encoding === undefined) return false
  const bytes = (text: string): string => Buffer.from(text.replace(/^whsec_/, ''), 'base64').toString('hex')
  return bytes(secret) === bytes(changed)
}

function sampleHeaders(slug: string): string[] {
  return [providers.find((provider) => provider.slug === slug)?.scheme?.summary ?? '']
}
