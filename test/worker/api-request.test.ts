import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, importJWK, type JWK } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { findEndpoint } from '../../src/db/endpoints.ts'
import { signatureHeaders } from '../../src/deliver/sign.ts'
import { liveSecrets, openSettings } from '../../src/deliver/secrets.ts'
import { fromBase64, utf8 } from '../../src/model/bytes.ts'
import type { EndpointId } from '../../src/model/id.ts'
import { at, makeWorld, problem, type Reply, type World } from './api-world.ts'

let world: World
let keys: { rsaPem: string; rsaPublicPem: string; rsaPublicJwk: JWK; rsaPrivateJwk: JWK; ecPem: string }
beforeAll(async () => {
  world = await makeWorld()
  const rsa = await generateKeyPair('RS256', { extractable: true })
  const ec = await generateKeyPair('ES256', { extractable: true })
  keys = {
    rsaPem: await exportPKCS8(rsa.privateKey),
    rsaPublicPem: await exportSPKI(rsa.publicKey),
    rsaPublicJwk: await exportJWK(rsa.publicKey),
    rsaPrivateJwk: await exportJWK(rsa.privateKey),
    ecPem: await exportPKCS8(ec.privateKey),
  }
})

const url = 'https://receiver.example/hook'
const oauth2 = { type: 'oauth2', tokenUrl: 'https://login.example/t', clientId: 'c', clientSecret: 'hidden' }

const create = (settings: object) => world.call('POST', '/v1/endpoints', { url, ...settings })
const stored = async (reply: Reply) => {
  const endpoint = await findEndpoint(world.deps.db, reply.body.id as EndpointId)
  if (!endpoint) throw new Error('not stored')
  return endpoint
}
const opened = async (reply: Reply) => openSettings(await stored(reply), world.deps.sealer)

describe('the request of an endpoint', () => {
  it('is given back as it was set, with its defaults', async () => {
    const settings = {
      url: 'https://receiver.example/{{eventType}}?x={{data.id}}',
      method: 'PUT',
      query: { team: 'blue' },
      forwardPath: true,
      payload: 'envelope',
      contentType: 'application/xml',
      compression: 'gzip',
      encryption: { jwk: keys.rsaPublicJwk, alg: 'RSA-OAEP-256' },
      signing: { scheme: 'custom', header: 'X-Sig', prefix: 'v0=' },
      success: { statuses: ['200'], bodyContains: 'ok' },
      retryOn: ['500-599', '!501'],
    }
    const reply = await create(settings)
    expect(reply.body).toMatchObject({
      ...settings,
      name: 'receiver.example',
      encryption: { ...settings.encryption, enc: 'A256GCM' },
      signing: { digest: 'sha256', encoding: 'hex', content: '{body}' },
      auth: { type: 'none' },
    })
  })

  it.each([
    [{ url: 'https://{{data.host}}/' }, 'url'],
    [{ headers: { 'Webhook-Id': 'x' } }, 'headers.Webhook-Id'],
    [{ headers: { 'x-key': '***' } }, 'headers.x-key'],
    [{ contentType: 'text/csv' }, 'contentType'],
    [{ payload: 'raw', contentType: 'application/xml' }, 'contentType'],
    [{ compression: 'br' }, 'compression'],
    [{ auth: { type: 'magic' } }, 'auth.type'],
    [{ auth: { type: 'bearer' } }, 'auth.token'],
    [{ auth: { type: 'bearer', token: 'a', extra: 1 } }, 'auth.extra'],
    [{ auth: { type: 'bearer', token: 'a\nb' } }, 'auth.token'],
    [{ auth: { type: 'bearer', token: '***' } }, 'auth.token'],
    [{ auth: { type: 'basic', username: 'a:b', password: 'c' } }, 'auth.username'],
    [{ auth: { type: 'jwt', alg: 'RS256', key: 'no key at all, only text' } }, 'auth.key'],
    [{ signing: { scheme: 'custom' } }, 'signing.header'],
    [{ success: { statuses: ['2xx'] } }, 'success.statuses.0'],
    [{ success: { bodyMatches: '(a' } }, 'success.bodyMatches'],
    [{ retryOn: ['500', '!'] }, 'retryOn.1'],
    [{ encryption: { alg: 'RSA-OAEP-256' } }, undefined],
    [{ encryption: { pem: 'x', alg: 'RSA-OAEP-256' } }, 'encryption.pem'],
    [{ secret: 'a plain text secret' }, 'secret'],
    [{ signing: { scheme: 'sha256-hex' }, secret: 'short' }, 'secret'],
  ])('is refused where it is at fault: %j', async (settings, path) => {
    const reply = await create(settings)
    expect(reply).toMatchObject(problem(400, 'invalid_request', path === undefined ? {} : at(path)))
  })

  it('is refused with keys that cannot do their work', async () => {
    const encryption = { jwk: keys.rsaPublicJwk, alg: 'ECDH-ES' }
    expect((await create({ encryption })).body).toMatchObject(at('encryption.jwk'))
    const secret = { jwk: keys.rsaPrivateJwk, alg: 'RSA-OAEP-256' }
    expect((await create({ encryption: secret })).body).toMatchObject(
      at('encryption.jwk', 'must be a public key'),
    )
    const jwt = { type: 'jwt', alg: 'RS256', key: keys.ecPem }
    expect((await create({ auth: jwt })).body).toMatchObject(at('auth.key'))
    const good = await create({
      auth: { ...jwt, key: keys.rsaPem },
      encryption: { pem: keys.rsaPublicPem, alg: 'RSA-OAEP' },
    })
    expect(good.status).toBe(201)
  })

  it('asks for tokens only where deliveries may go', async () => {
    const tokenUrl = 'https://10.0.0.1/token'
    const refused = {
      ...problem(400, 'target_refused', { errors: [{ path: 'auth.tokenUrl', message: 'private_address' }] }),
    }
    expect(await create({ auth: { ...oauth2, tokenUrl } })).toMatchObject(refused)
    const { body } = await create({ auth: oauth2 })
    const change = { auth: { ...oauth2, clientSecret: '***', tokenUrl } }
    expect(await world.call('PATCH', `/v1/endpoints/${body.id}`, change)).toMatchObject(refused)
  })
})

describe('the secrets of a request', () => {
  const settings = {
    auth: oauth2,
    headers: { 'X-Api-Key': 'hidden too', 'x-team': 'blue' },
    query: { token: 'hidden 3' },
  }

  it('are shown as stars from the first answer on, and stored sealed', async () => {
    const made = await create(settings)
    const path = `/v1/endpoints/${made.body.id}`
    const listed = await world.call('GET', '/v1/endpoints')
    const row = await world.deps.db
      .prepare('SELECT * FROM endpoints WHERE id = ?1')
      .bind(made.body.id)
      .first()
    for (const seen of [made, await world.call('GET', path), listed, row]) {
      expect(JSON.stringify(seen)).not.toContain('hidden')
    }
    expect(made.body).toMatchObject({
      auth: { ...oauth2, clientSecret: '***' },
      headers: { 'X-Api-Key': '***', 'x-team': 'blue' },
      query: { token: '***' },
    })
    expect(made.body).not.toHaveProperty('sealed')
    expect(await opened(made)).toMatchObject(settings)
  })

  it('stay when they are not given, or given as stars, and change when given anew', async () => {
    const made = await create(settings)
    const path = `/v1/endpoints/${made.body.id}`
    await world.call('PATCH', path, { timeoutMs: 5000 })
    await world.call('PATCH', path, { auth: { ...oauth2, clientId: 'other', clientSecret: '***' } })
    expect(await opened(made)).toMatchObject({ ...settings, auth: { ...oauth2, clientId: 'other' } })
    await world.call('PATCH', path, { auth: { ...oauth2, clientSecret: 'hidden anew' }, headers: {} })
    const after = await opened(made)
    expect(after).toMatchObject({ auth: { clientSecret: 'hidden anew' }, headers: {} })
    expect(Object.keys((await stored(made)).sealed ?? {})).toEqual(['auth.clientSecret', 'query.token'])
    const none = { auth: { type: 'basic', username: 'u', password: '***' } }
    expect((await world.call('PATCH', path, none)).body).toMatchObject(at('auth.password'))
  })

  it('may be put again without a change', async () => {
    const put = () => world.call('PUT', '/v1/endpoints/of-request', { url, ...settings })
    const first = await put()
    expect((await put()).headers.get('etag')).toBe(first.headers.get('etag'))
  })
})

describe('key pairs', () => {
  const jwks = async (id: string) => {
    const path = `/.well-known/hookway-keys.json?endpoint=${id}`
    return world.call('GET', path, undefined, { token: null })
  }
  const signed = async (reply: Reply) => {
    const endpoint = await stored(reply)
    const secrets = await liveSecrets(endpoint, world.deps.sealer, world.time.now)
    const body = utf8('{"a":1}')
    const { signing } = endpoint.settings
    const more = { method: 'POST', url, body, secrets }
    const headers = Object.fromEntries(
      await signatureHeaders({ signing, id: 'dlv_1', timestamp: 1, ...more }),
    )
    return (headers['webhook-signature'] ?? '').split(' ')
  }

  it('are made with the scheme, and their public halves are published', async () => {
    const made = await create({ signing: { scheme: 'standard-ed25519' } })
    expect(made.body).toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
      secretCount: 1,
      publicKeys: [expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/)],
    })
    expect(JSON.stringify(made.body)).not.toContain('whsk_')
    const { headers, body, status } = await jwks(made.body.id)
    expect(status).toBe(200)
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(body).toEqual({
      keys: [
        expect.objectContaining({
          kty: 'OKP',
          crv: 'Ed25519',
          alg: 'EdDSA',
          use: 'sig',
          kid: expect.any(String),
        }),
      ],
    })
    const [asymmetric = '', symmetric] = await signed(made)
    expect(symmetric).toMatch(/^v1,/)
    const key = await importJWK((body['keys'] as JWK[])[0] ?? {}, 'EdDSA')
    const signature = fromBase64(asymmetric.slice('v1a,'.length)) ?? new Uint8Array(0)
    const isValid = crypto.subtle.verify(
      { name: 'Ed25519' },
      key as CryptoKey,
      signature,
      utf8('dlv_1.1.{"a":1}'),
    )
    expect(await isValid).toBe(true)
  })

  it('come with a change of scheme, and stay while it is away', async () => {
    const made = await create({})
    const path = `/v1/endpoints/${made.body.id}`
    expect((await jwks(made.body.id)).body).toEqual({ keys: [] })
    const changed = await world.call('PATCH', path, { signing: { scheme: 'standard-ed25519' } })
    expect(changed.body['publicKeys']).toHaveLength(1)
    await world.call('PATCH', path, { signing: { scheme: 'standard' } })
    expect(await signed(made)).toEqual([expect.stringMatching(/^v1,/)])
    const back = await world.call('PATCH', path, { signing: { scheme: 'standard-ed25519' } })
    expect(back.body['publicKeys']).toEqual(changed.body['publicKeys'])
  })

  it('rotate with the secret, and sign together for the grace period', async () => {
    const made = await create({ signing: { scheme: 'standard-ed25519' } })
    const path = `/v1/endpoints/${made.body.id}/secrets`
    const rotated = await world.call('POST', path, { gracePeriodSeconds: 60 })
    expect(rotated.body).toMatchObject({ secretCount: 2, secret: expect.stringMatching(/^whsec_/) })
    expect(rotated.body['publicKeys']).toHaveLength(2)
    expect((await signed(made)).map((each) => each.split(',')[0])).toEqual(['v1a', 'v1a', 'v1', 'v1'])
    world.time.now += 60_000
    expect((await jwks(made.body.id)).body['keys']).toHaveLength(1)
    expect(await signed(made)).toHaveLength(2)
  })

  it('are not found for what is no endpoint', async () => {
    for (const id of ['', 'ep_1', 'ep_01K00000000000000000000000', 'src_01K00000000000000000000000']) {
      expect(await jwks(id)).toMatchObject(problem(404, 'not_found'))
    }
  })
})

describe('a plain text secret', () => {
  it('is taken by schemes that have no form of their own for it', async () => {
    const secret = 'shared-with-a-legacy-system'
    const made = await create({ signing: { scheme: 'custom', header: 'x-sig' }, secret })
    expect(made).toMatchObject({ status: 201, body: { secret } })
    const path = `/v1/endpoints/${made.body.id}/secrets`
    expect((await world.call('POST', path, { secret: 'and-another-plain-one' })).status).toBe(200)
    await world.call('PATCH', `/v1/endpoints/${made.body.id}`, { signing: { scheme: 'standard' } })
    expect((await world.call('POST', path, { secret })).body).toMatchObject(at('secret'))
  })
})
