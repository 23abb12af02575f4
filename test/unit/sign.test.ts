import { createHmac, createPublicKey, verify } from 'node:crypto'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, it } from 'vitest'
import { signatureHeaders, type Signed } from '../../src/deliver/sign.ts'
import { utf8 } from '../../src/model/bytes.ts'
import { signingSchema } from '../../src/model/signing.ts'

const NEW = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const OLD = `whsec_${Buffer.alloc(32, 2).toString('base64')}`
/** The vector of Svix's server. */
const PAIR = {
  secret: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  x: Buffer.from('1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=', 'base64').toString('base64url'),
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1614265330,
  body: '{"test": 2432232314}',
  signature: 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
}
const BODY = '{"name":"Zoë"}'

async function sign(signing: object, more: Partial<Signed> = {}): Promise<Record<string, string>> {
  const signed: Signed = {
    signing: signingSchema.parse(signing),
    id: 'dlv_1',
    timestamp: Math.floor(Date.now() / 1000),
    method: 'POST',
    url: 'https://a.example/hook?x=1',
    body: utf8(BODY),
    secrets: [NEW],
    ...more,
  }
  return Object.fromEntries(await signatureHeaders(signed))
}

const mac = (digest: string, secret: string, content: string) =>
  createHmac(digest, Buffer.from(secret.slice(6), 'base64')).update(content)

describe('a standard signature', () => {
  it.each([StandardWebhook, SvixWebhook])(
    'verifies with the official libraries under each live secret',
    async (Webhook) => {
      const headers = await sign({ scheme: 'standard' }, { secrets: [NEW, OLD] })
      for (const secret of [NEW, OLD]) {
        expect(() => new Webhook(secret).verify(BODY, headers)).not.toThrow()
        expect(() => new Webhook(secret).verify(`${BODY} `, headers)).toThrow()
      }
    },
  )

  it('with a key pair verifies with the public key, and beside it with the shared secret', async () => {
    const headers = await sign(
      { scheme: 'standard-ed25519' },
      { ...PAIR, body: utf8(PAIR.body), secrets: [PAIR.secret] },
    )
    expect(headers['webhook-signature']).toBe(PAIR.signature)
    const both = await sign({ scheme: 'standard-ed25519' }, { secrets: [PAIR.secret, NEW] })
    const [asymmetric = '', symmetric] = (both['webhook-signature'] ?? '').split(' ')
    expect(symmetric).toMatch(/^v1,/)
    expect(() => new SvixWebhook(NEW).verify(BODY, both)).not.toThrow()
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: PAIR.x }, format: 'jwk' })
    const content = Buffer.from(`${both['webhook-id']}.${both['webhook-timestamp']}.${BODY}`)
    expect(verify(null, content, key, Buffer.from(asymmetric.slice(4), 'base64'))).toBe(true)
  })

  it('leaves a key pair alone that the scheme does not ask for', async () => {
    const headers = await sign({ scheme: 'standard' }, { secrets: [PAIR.secret, NEW] })
    expect(headers['webhook-signature']).not.toContain('v1a,')
  })

  it('is not sent with the scheme none, but the id and the time are', async () => {
    expect(Object.keys(await sign({ scheme: 'none' }))).toEqual(['webhook-id', 'webhook-timestamp'])
    expect(Object.keys(await sign({ scheme: 'standard' }, { secrets: [] }))).not.toContain(
      'webhook-signature',
    )
  })
})

describe('a signature in one header', () => {
  it('is the hex digest of the body beside the standard one', async () => {
    const headers = await sign({ scheme: 'sha256-hex' })
    expect(headers['x-webhook-signature']).toBe(`sha256=${mac('sha256', NEW, BODY).digest('hex')}`)
    expect(new StandardWebhook(NEW).verify(BODY, headers)).toEqual({ name: 'Zoë' })
    expect(headers).not.toHaveProperty('x-webhook-signature-previous')
  })

  it('carries those of older secrets in a second header', async () => {
    const headers = await sign({ scheme: 'sha256-hex' }, { secrets: [NEW, OLD, 'plain text'] })
    expect(headers['x-webhook-signature']).toBe(`sha256=${mac('sha256', NEW, BODY).digest('hex')}`)
    const plain = createHmac('sha256', 'plain text').update(BODY).digest('hex')
    expect(headers['x-webhook-signature-previous']).toBe(
      `sha256=${mac('sha256', OLD, BODY).digest('hex')}, sha256=${plain}`,
    )
  })

  it('is made as the receiver describes it', async () => {
    const signing = {
      scheme: 'custom',
      header: 'X-Sig',
      digest: 'sha512',
      encoding: 'base64',
      prefix: 't={timestamp},v1=',
      content: '{method}|{url}|{id}|{timestamp}.{body}',
    }
    const headers = await sign(signing, { timestamp: 7 })
    const content = `POST|https://a.example/hook?x=1|dlv_1|7.${BODY}`
    expect(headers['x-sig']).toBe(`t=7,v1=${mac('sha512', NEW, content).digest('base64')}`)
    expect(headers).not.toHaveProperty('webhook-signature')
  })

  it('covers bytes that are no text', async () => {
    const body = new Uint8Array([0xff, 0, 0x1f, 0x8b])
    const headers = await sign({ scheme: 'custom', header: 'x-sig', digest: 'sha1' }, { body })
    const expected = createHmac('sha1', Buffer.alloc(32, 1)).update(body).digest('hex')
    expect(headers['x-sig']).toBe(expected)
  })
})

describe('the settings of a scheme', () => {
  it.each([
    [{ scheme: 'custom' }, 'header'],
    [{ scheme: 'custom', header: 'webhook-signature' }, 'header'],
    [{ scheme: 'custom', header: 'x-sig', content: '{id}' }, 'content'],
    [{ scheme: 'custom', header: 'x-sig', content: '{body}{body}' }, 'content'],
    [{ scheme: 'custom', header: 'x-sig', content: '{body}{nonce}' }, 'content'],
    [{ scheme: 'custom', header: 'x-sig', prefix: '{body}' }, 'prefix'],
    [{ scheme: 'custom', header: 'x-sig', digest: 'md5' }, 'digest'],
    [{ scheme: 'sha512' }, 'scheme'],
  ])('are refused at their place: %j', (signing, field) => {
    expect(signingSchema.safeParse(signing).error?.issues[0]?.path).toEqual([field])
  })
})
