import { exportPKCS8, generateKeyPair, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { text, utf8 } from '../../src/model/bytes.ts'
import type { Event } from '../../src/model/event.ts'
import { attempt, eventOf, makeWorld, NOW, sentBy, type Sent } from '../support/attempt-world.ts'

/** How a delivery gets past its receiver's gateway. Runs wherever the relay may run. */
export function authorisationCase(): void {
  describe('the authorisation', authorisation)
  describe('the token', tokens)
}

function authorisation(): void {
  it.each([
    [{ type: 'none' }, 'authorization', undefined],
    [{ type: 'basic', username: 'Zoë', password: 'a:b' }, 'authorization', 'Basic Wm/DqzphOmI='],
    [{ type: 'bearer', token: 'abc' }, 'authorization', 'Bearer abc'],
    [{ type: 'apiKey', name: 'X-Key', value: 'abc' }, 'x-key', 'abc'],
  ])('is in a header: %j', async (auth, name, value) => {
    expect((await sentBy({ auth })).headers[name]).toBe(value)
  })

  it('is in the query, which no record shows', async () => {
    const auth = { type: 'apiKey', in: 'query', name: 'api_key', value: 'k&y' }
    const { sent, record } = await attempt({ auth })
    expect(sent[0]?.url).toBe('https://a.example/hook?api_key=k%26y')
    expect(record.url).toBe('https://a.example/hook?…')
  })

  it('wins over a header that the source sent', async () => {
    const head = { sourceId: 'src_01M80QNV1KDDNSNS26TJ7V4HD4', headers: [['x-key', 'theirs']] }
    const event = eventOf(head as Partial<Event['head']>)
    const auth = { type: 'apiKey', name: 'X-Key', value: 'ours' }
    expect((await sentBy({ auth }, event)).headers['x-key']).toBe('ours')
  })

  it.each(['HS256', 'RS256', 'ES256'] as const)('is a JWT with %s', async (alg) => {
    const pair = alg === 'HS256' ? undefined : await generateKeyPair(alg, { extractable: true })
    const key = pair ? await exportPKCS8(pair.privateKey) : 'a secret of some length'
    const auth = { type: 'jwt', alg, key, keyId: 'k1', claims: { iss: 'us', admin: false }, ttlSeconds: 60 }
    const { headers } = await sentBy({ auth })
    const jwt = headers['authorization']?.replace('Bearer ', '') ?? ''
    const verified = await jwtVerify(jwt, pair?.publicKey ?? utf8(key), { currentDate: new Date(NOW) })
    const iat = NOW / 1000
    expect(verified.payload).toEqual({ iss: 'us', admin: false, iat, exp: iat + 60 })
    expect(verified.protectedHeader).toMatchObject({ alg, kid: 'k1' })
  })

  it('is a refusal when the key cannot be used', async () => {
    const auth = { type: 'jwt', alg: 'RS256', key: 'this is not a key at all' }
    const { sent, outcome, record } = await attempt({ auth })
    expect(sent).toEqual([])
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'bad_settings' })
    expect(JSON.stringify(record)).not.toContain('not a key')
  })

  it('is a signature of AWS over the request', async () => {
    const auth = {
      type: 'awsSigv4',
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
      region: 'us-east-1',
      service: 'execute-api',
      sessionToken: 'session-1',
    }
    const { headers } = await sentBy({ auth })
    expect(headers).toMatchObject({ 'x-amz-date': '20261122T100000Z', 'x-amz-security-token': 'session-1' })
    expect(headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261122\/us-east-1\/execute-api\/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    )
    const other = await sentBy({ auth }, eventOf({}, utf8('{}')))
    expect(other.headers['authorization']).not.toBe(headers['authorization'])
  })
}

function tokens(): void {
  const auth = {
    type: 'oauth2',
    tokenUrl: 'https://login.example/token',
    clientId: 'us:1',
    clientSecret: 'hidden secret',
    scope: 'a b',
    audience: 'them',
  }
  const isToken = ({ url }: Sent) => url.startsWith('https://login.example')
  /** Gives tokens `t1`, `t2`, … and takes those that are not `refused`. */
  const server = (refused: string[] = [], expiresIn: unknown = 3600) => {
    let given = 0
    return makeWorld((sent) => {
      if (isToken(sent)) return Response.json({ access_token: `t${++given}`, expires_in: expiresIn })
      const token = sent.headers['authorization']?.replace('Bearer ', '') ?? ''
      return new Response('', { status: refused.includes(token) ? 401 : 200 })
    })
  }

  it('is asked for as RFC 6749 says, and used', async () => {
    const world = server()
    const { outcome } = await world.attempt({ auth })
    const [asked, delivered] = world.sent
    expect(outcome.kind).toBe('delivered')
    expect(asked).toMatchObject({ method: 'POST', url: auth.tokenUrl })
    expect(asked?.headers['authorization']).toBe(`Basic ${btoa('us%3A1:hidden+secret')}`)
    expect(Object.fromEntries(new URLSearchParams(text(asked?.body ?? new Uint8Array(0))))).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      audience: 'them',
    })
    expect(delivered?.headers['authorization']).toBe('Bearer t1')
  })

  it('names the client in the form when told so', async () => {
    const world = server()
    await world.attempt({ auth: { ...auth, clientAuth: 'body' } })
    const form = new URLSearchParams(text(world.sent[0]?.body ?? new Uint8Array(0)))
    expect(form.get('client_secret')).toBe('hidden secret')
    expect(world.sent[0]?.headers).not.toHaveProperty('authorization')
  })

  it('is kept until shortly before its end, and asked for once by all', async () => {
    const world = server()
    await Promise.all([world.attempt({ auth }), world.attempt({ auth }), world.attempt({ auth })])
    expect(world.sent.filter(isToken)).toHaveLength(1)
    world.time.now += 3600_000 - 60_001
    await world.attempt({ auth })
    expect(world.sent.filter(isToken)).toHaveLength(1)
    world.time.now += 1
    await world.attempt({ auth })
    expect(world.sent.filter(isToken)).toHaveLength(2)
  })

  it('is not shared between settings', async () => {
    const world = server()
    await world.attempt({ auth })
    await world.attempt({ auth: { ...auth, scope: 'c' } })
    expect(world.sent.filter(isToken)).toHaveLength(2)
  })

  it('is replaced once when it is refused', async () => {
    const world = server(['t1'])
    expect((await world.attempt({ auth })).outcome.kind).toBe('delivered')
    expect(world.sent.map((each) => (isToken(each) ? 'token' : each.headers['authorization']))).toEqual([
      'token',
      'Bearer t1',
      'token',
      'Bearer t2',
    ])
    const hopeless = server(['t1', 't2', 't3'])
    expect((await hopeless.attempt({ auth })).outcome).toMatchObject({ kind: 'rejected', statusCode: 401 })
    expect(hopeless.sent).toHaveLength(4)
  })

  it.each([
    [() => new Response('hidden secret is wrong', { status: 401 }), 'gave no token (status 401)'],
    [() => new Response('<html>'), 'gave no token (status 200)'],
    [() => Response.json({ access_token: 'a\nb' }), 'gave no token (status 200)'],
    [
      () => {
        throw new Error('dns: no such host')
      },
      'cannot be reached: dns',
    ],
  ])('defers the delivery when there is none', async (receiver, said) => {
    const { sent, outcome, record } = await attempt({ auth }, { receiver })
    expect(sent).toHaveLength(1)
    expect(outcome).toMatchObject({ kind: 'deferred', reason: 'auth' })
    expect(record.error).toContain(said)
    expect(JSON.stringify(record)).not.toContain('hidden')
  })

  it('is never asked for at a private address', async () => {
    const { sent, outcome } = await attempt({ auth: { ...auth, tokenUrl: 'http://10.0.0.1/' } })
    expect(sent).toEqual([])
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'private_address' })
  })
}
