import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { verifyRequest } from '../../src/ingest/verify.ts'
import type { Verification } from '../../src/model/verification.ts'
import { configFaults } from '../../src/providers/config-faults.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { noKeys, type KeyRequest, type KeyStore } from '../../src/providers/scheme/keys.ts'
import { requestOf, sourceOf, vectorFiles } from '../case/provider.case.ts'

const now = 1_760_000_000_000
const hmac = (secret: string, content: string, encoding: 'hex' | 'base64' = 'hex', hash = 'sha256'): string =>
  createHmac(hash, secret).update(content).digest(encoding)

function verify(
  provider: string,
  request: Parameters<typeof requestOf>[0],
  {
    secrets = ['s3cret'],
    config = {},
    keys = noKeys,
    ...settings
  }: Record<string, unknown> & {
    secrets?: string[]
    config?: Record<string, unknown>
    keys?: KeyStore
  } = {},
): Promise<Verification> {
  return verifyRequest({
    source: sourceOf(provider, secrets, { config, ...settings }),
    request: requestOf(request),
    now,
    keys,
  })
}

describe('a generic HMAC', () => {
  it('is SHA-256 in hex of the body in x-signature by default', async () => {
    const request = { headers: { 'x-signature': hmac('s3cret', 'body') }, body: 'body' }
    expect(await verify('generic-hmac', request)).toEqual({ verdict: 'verified', keyIndex: 0 })
  })

  it('takes every part of the scheme from the source', async () => {
    const config = {
      header: 'X-Sig',
      hash: 'sha512',
      encoding: 'base64',
      prefix: 'v1=',
      fields: { timestamp: 't', signature: 's' },
      content: '{method}.{ts}.{header:x-a}.{json:b.c}.{config:d}.{body}',
      timestamp: { unit: 'ms', toleranceSeconds: 10 },
      d: 'e',
    }
    const body = '{"b":{"c":5}}'
    const signed = hmac('s3cret', `POST.${now}.a.5.e.${body}`, 'base64', 'sha512')
    const headers = { 'x-sig': `t=${now},s=v1=${signed}`, 'x-a': 'a' }
    expect(await verify('generic-hmac', { headers, body }, { config })).toMatchObject({ verdict: 'verified' })
    const late = { ...headers, 'x-sig': `t=${now - 11_000},s=v1=${signed}` }
    expect(await verify('generic-hmac', { headers: late, body }, { config })).toMatchObject({
      reason: 'timestamp_too_old',
      hint: 'timestamp 11 s old, 10 s allowed',
    })
  })

  it.each([{ content: '{nonsense}' }, { hash: 'md5' }, { timestamp: { toleranceSeconds: -1 } }])(
    'with the setting %o is a bad configuration, not an exception',
    async (config) => {
      expect(await verify('generic-hmac', {}, { config })).toMatchObject({ reason: 'bad_config' })
    },
  )
})

describe('timestamps', () => {
  const stripe = (t: string) => {
    const headers = { 'stripe-signature': `t=${t},v1=${hmac('s3cret', `${t}.{}`)}` }
    return verify('stripe', { headers, body: '{}' })
  }

  it.each([' 1760000000', '+1760000000', '1.76e9', '01760000000', '1760000000.0', '', 'NaN', '0x68e77800'])(
    'in the spelling %j are refused although signed',
    async (t) => expect(await stripe(t)).toMatchObject({ verdict: 'failed' }),
  )

  it.each([
    ['1759999700', 'verified'],
    ['1759999699', 'failed'],
    ['1760000300', 'verified'],
    ['1760000301', 'failed'],
  ])('are judged at both ends of the window: %s is %s', async (t, verdict) => {
    expect(await stripe(t)).toMatchObject({ verdict })
  })
})

describe('the owner is told', () => {
  const failure = async (content: string, body: string, secrets = ['s3cret']) =>
    verify(
      'github',
      { headers: { 'x-hub-signature-256': `sha256=${hmac('s3cret', content)}` }, body },
      { secrets },
    )

  it.each([
    ['the signature matches after trimming the secret', 'x', 'x', 's3cret\n'],
    ['the signature matches the body without its final newline', 'x', 'x\n', 's3cret'],
    ['the signature matches the body with a final newline', 'x\n', 'x', 's3cret'],
  ])('%s', async (hint, content, body, secret) => {
    expect(await failure(content, body, [secret])).toEqual({
      verdict: 'failed',
      reason: 'signature_mismatch',
      hint,
    })
  })
})

describe('schemes with several ways', () => {
  it('GitLab: the token decides when it is there', async () => {
    expect(await verify('gitlab', { headers: { 'x-gitlab-token': 's3cret' } })).toMatchObject({
      verdict: 'authenticated',
    })
    expect(await verify('gitlab', { headers: { 'x-gitlab-token': 'other' } })).toMatchObject({
      reason: 'wrong_token',
    })
  })

  it('HubSpot: an old signature cannot stand in for a bad new one', async () => {
    const v1 = vectorFiles()
      .find(({ file }) => file === 'hubspot-v1')
      ?.vectors.find(({ name }) => name === 'valid')
    if (v1 === undefined) throw new Error('no vector')
    const headers = [...v1.request.headers, ['x-hubspot-signature-v3', 'bad'] as [string, string]]
    const verdict = await verifyRequest({ ...v1, request: { ...v1.request, headers }, keys: noKeys })
    expect(verdict).toMatchObject({ verdict: 'failed' })
  })

  it('Microsoft Graph: every notification must carry the state', async () => {
    const body = (states: string[]): string =>
      JSON.stringify({ value: states.map((clientState) => ({ clientState })) })
    expect(await verify('microsoft-graph', { body: body(['s3cret', 's3cret']) })).toMatchObject({
      verdict: 'authenticated',
    })
    expect(await verify('microsoft-graph', { body: body(['s3cret', 'x']) })).toMatchObject({
      reason: 'wrong_token',
    })
  })
})

describe('keys from elsewhere', () => {
  const vector = (file: string, name: string) => {
    const found = vectorFiles()
      .find((one) => one.file === file)
      ?.vectors.find((one) => one.name === name)
    if (found === undefined) throw new Error('no vector')
    return found
  }
  const withoutKeys = (file: string, name: string, keys: KeyStore) => {
    const { source, request, now: at } = vector(file, name)
    const { keys: given, ...config } = source.settings.config as { keys: Record<string, unknown> }
    return {
      given,
      verification: verifyRequest({
        source: { ...source, settings: { ...source.settings, config } },
        request,
        now: at,
        keys,
      }),
    }
  }

  it('a certificate is fetched from where the message says, if that is the provider', async () => {
    const { given } = withoutKeys('paypal', 'valid', noKeys)
    const asked: string[] = []
    const keys = {
      text: ({ url }: { url: string }) => (asked.push(url), Promise.resolve(String(given['certificatePem']))),
    }
    expect(await withoutKeys('paypal', 'valid', keys).verification).toMatchObject({ verdict: 'verified' })
    expect(await withoutKeys('paypal', 'cert-url-evil-host', keys).verification).toMatchObject({
      reason: 'untrusted_key_url',
    })
    expect(asked).toEqual(['https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-df8cd2d5'])
  })

  it('a key set is asked again when it lacks the key', async () => {
    const { given } = withoutKeys('google-pubsub', 'iss-without-scheme', noKeys)
    const answers = ['{"keys":[{"kid":"old","kty":"RSA"}]}', JSON.stringify(given['jwks'])]
    const keys = { text: () => Promise.resolve(answers.shift()) }
    expect(await withoutKeys('google-pubsub', 'iss-without-scheme', keys).verification).toMatchObject({
      verdict: 'authenticated',
    })
    expect(await withoutKeys('google-pubsub', 'iss-without-scheme', noKeys).verification).toMatchObject({
      reason: 'key_unavailable',
    })
  })
})

describe('keys by API', () => {
  const vector = (file: string) => {
    const found = vectorFiles()
      .find((one) => one.file === file)
      ?.vectors.find(({ name }) => name === 'valid')
    if (found === undefined) throw new Error('no vector')
    const { keys: given, ...config } = found.source.settings.config as { keys: Record<string, unknown> }
    return { ...found, given, source: { ...found.source, settings: { ...found.source.settings, config } } }
  }

  it('eBay: an access token is fetched for the application, and with it the key', async () => {
    const { given, ...ebay } = vector('ebay')
    const asked: string[] = []
    const answers = [
      '{"access_token":"t"}',
      JSON.stringify({ key: String(given['publicKeyPem']).replaceAll('\n', '') }),
    ]
    const text = ({ url, headers }: KeyRequest) => {
      asked.push(`${url} ${headers?.['authorization']}`)
      return Promise.resolve(answers.shift())
    }
    expect(await verifyRequest({ ...ebay, keys: { text } })).toMatchObject({ verdict: 'verified' })
    expect(asked[1]).toBe(
      'https://api.ebay.com/commerce/notification/v1/public_key/9936261a-7d7b-4621-a0f1-964d0e1f3b0b Bearer t',
    )
    expect(await verifyRequest({ ...ebay, keys: noKeys })).toMatchObject({ reason: 'key_unavailable' })
  })

  it('Plaid: the key of an id', async () => {
    const { given, ...plaid } = vector('plaid')
    const answer = { text: () => Promise.resolve(JSON.stringify({ key: given['jwk'] })) }
    expect(await verifyRequest({ ...plaid, keys: answer })).toMatchObject({ verdict: 'verified' })
    expect(await verifyRequest({ ...plaid, keys: { text: () => Promise.resolve('{') } })).toMatchObject({
      reason: 'key_unavailable',
    })
  })

  it('Travis: the key that it publishes', async () => {
    const travis = vectorFiles('derived').find(({ file }) => file === 'travis-ci')?.vectors[0]
    if (travis === undefined) throw new Error('no vector')
    const [public_key] = travis.source.secrets
    const text = () =>
      Promise.resolve(JSON.stringify({ config: { notifications: { webhook: { public_key } } } }))
    const source = { ...travis.source, secrets: [] }
    expect(await verifyRequest({ ...travis, source, keys: { text } })).toMatchObject({ verdict: 'verified' })
    expect(await verifyRequest({ ...travis, source, keys: noKeys })).toMatchObject({
      reason: 'key_unavailable',
    })
  })
})

describe('generic sources', () => {
  it.each([
    ['in a header of any name', { header: 'X-Api-Key' }, { headers: { 'x-api-key': 's3cret' } }],
    ['in the query', { query: 'key' }, { url: 'https://gateway.example.test/in/a?key=s3cret' }],
    ['in authorization', {}, { headers: { authorization: 's3cret' } }],
  ])('a token %s', async (_, config, request) => {
    expect(await verify('generic-token', request, { config })).toMatchObject({ verdict: 'authenticated' })
    expect(await verify('generic-token', {}, { config })).toMatchObject({ reason: 'missing_header' })
  })

  it('a password beside a configured name', async () => {
    const headers = { authorization: `Basic ${Buffer.from('me:s3cret').toString('base64')}` }
    expect(await verify('generic-basic', { headers }, { config: { username: 'me' } })).toMatchObject({
      verdict: 'authenticated',
    })
    expect(await verify('generic-basic', { headers }, { config: { username: 'you' } })).toMatchObject({
      reason: 'wrong_token',
    })
    expect(await verify('generic-basic', { headers: { authorization: 'Basic a===' } })).toMatchObject({
      reason: 'bad_encoding',
    })
  })

  it('a token with claims', async () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const signed = (claims: object): string => {
      const content = `${part({ alg: 'HS256' })}.${part({ exp: now / 1000 + 60, iss: 'me', ...claims })}`
      return `${content}.${createHmac('sha256', 's3cret').update(content).digest('base64url')}`
    }
    const config = { issuer: 'me', audience: 'you', maxAgeSeconds: 60, bodyHash: { claim: 'h' } }
    const h = createHash('sha256').update('body').digest('hex')
    const send = (claims: object) =>
      verify(
        'generic-jwt',
        { headers: { authorization: `Bearer ${signed(claims)}` }, body: 'body' },
        { config },
      )
    expect(await send({ aud: ['x', 'you'], iat: now / 1000, h })).toMatchObject({ verdict: 'verified' })
    expect(await send({ aud: 'x', iat: now / 1000, h })).toMatchObject({ reason: 'bad_claims' })
    expect(await send({ aud: 'you', iat: now / 1000, h: h.replace(/./, 'x') })).toMatchObject({
      reason: 'body_modified',
    })
    expect(await send({ aud: 'you', iat: now / 1000 - 70, h })).toMatchObject({ reason: 'timestamp_too_old' })
  })

  it('Google tokens without the account they must be of are refused', async () => {
    const google = vectorFiles()
      .find(({ file }) => file === 'google-pubsub')
      ?.vectors.find(({ name }) => name === 'iss-without-scheme')
    if (google === undefined) throw new Error('no vector')
    const { email: _, ...config } = google.source.settings.config
    const source = { ...google.source, settings: { ...google.source.settings, config } }
    expect(await verifyRequest({ ...google, source, keys: noKeys })).toMatchObject({
      reason: 'bad_config',
      hint: 'set config.email',
    })
  })
})

describe('settings are judged', () => {
  const faults = (slug: string, config: Record<string, unknown>): string[] => {
    const provider = findProvider(slug)
    return provider === undefined ? ['no provider'] : configFaults(provider, config).map(({ path }) => path)
  }

  it.each([
    ['stripe', {}, []],
    ['stripe', { toleranceSeconds: -1, batch: 'x' }, ['config.toleranceSeconds', 'config.batch']],
    ['github', { event: { type: 'nonsense' } }, ['config.event.type']],
    ['generic-hmac', { content: '{nonsense}', hash: 'md5' }, ['config.hash', 'config.content']],
  ])('%s with %o', (slug, config, paths) => expect(faults(slug, config)).toEqual(paths))
})

it('a source that checks nothing, and one of an unknown provider', async () => {
  expect(await verify('stripe', {}, { verification: 'off' })).toEqual({ verdict: 'unattempted' })
  expect(await verify('docker-hub', {})).toEqual({ verdict: 'unattempted' })
  expect(await verify('no-such', {})).toMatchObject({ reason: 'bad_config' })
})
