import { createPublicKey, verify } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose'
import { Webhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

describe.concurrent('a request, over real connections', () => {
  it('goes where its template, the forwarded path and the query say', async () => {
    const receiver = await relay.receiver()
    const source = await relay.source()
    const url = `${receiver.url}/{{data.id}}/`
    await relay.endpoint(source, { url }, { method: 'PUT', forwardPath: true, query: { team: 'blue' } })
    await relay.send(source, '{"id":"a b/c"}', { path: '/v2/leads?x=1' })
    const [got] = await relay.arrived(receiver, 1)
    expect(got).toMatchObject({ method: 'PUT', path: '/a%20b%2Fc/v2/leads?x=1&team=blue' })
  })

  it('is compressed once, and signed as it is sent', async () => {
    const signing = { scheme: 'custom', header: 'x-sig', content: '{body}' }
    const { source, receiver } = await relay.path({ compression: 'gzip', signing })
    await relay.send(source, `{"text":"${'a'.repeat(5000)}"}`)
    const [got] = await relay.arrived(receiver, 1)
    expect(got?.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(got?.body ?? '').length).toBe(5011)
    expect(got?.headers['x-sig']).toMatch(/^[0-9a-f]{64}$/)
  })

  it('is verified with the published key, and with the secret', async () => {
    const { source, receiver, endpoint } = await relay.path({ signing: { scheme: 'standard-ed25519' } })
    await relay.send(source, '{"a":1}')
    const [got] = await relay.arrived(receiver, 1)
    const headers = Object.fromEntries(
      Object.entries(got?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    )
    expect(new Webhook(endpoint.secret).verify(got?.body ?? '', headers)).toEqual({ a: 1 })
    const published = await fetch(`${relay.url}/.well-known/hookway-keys.json?endpoint=${endpoint.id}`)
    const { keys } = (await published.json()) as { keys: { kty: string; crv: string; x: string }[] }
    const [jwk] = keys
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
    const signature = headers['webhook-signature']?.split(' ').find((each) => each.startsWith('v1a,')) ?? ''
    const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.{"a":1}`)
    expect(verify(null, content, key, Buffer.from(signature.slice(4), 'base64'))).toBe(true)
  })

  it('is encrypted for the receiver, and its signature covers what is sent', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { extractable: true })
    const encryption = { jwk: await exportJWK(publicKey), alg: 'ECDH-ES' }
    const { source, receiver, endpoint } = await relay.path({ encryption })
    await relay.send(source, '{"a":1}')
    const [got] = await relay.arrived(receiver, 1)
    const body = String(got?.body)
    expect(got?.headers['content-type']).toBe('application/jose')
    const { plaintext, protectedHeader } = await compactDecrypt(body, privateKey)
    expect([String(Buffer.from(plaintext)), protectedHeader.cty]).toEqual(['{"a":1}', 'application/json'])
    const headers = Object.fromEntries(
      ['id', 'timestamp', 'signature'].map((name) => {
        const value = String(got?.headers[`webhook-${name}`])
        return [`webhook-${name}`, value]
      }),
    )
    // One of the two also reads what it has verified as JSON, which this is not.
    for (const library of [new Webhook(endpoint.secret), new SvixWebhook(endpoint.secret)]) {
      const forged = 'No matching signature found'
      expect(() => library.verify(body, headers)).not.toThrow(forged)
      expect(() => library.verify(`${body} `, headers)).toThrow(forged)
    }
  })

  it('carries a token of the authorisation server, and another when that one is refused', async () => {
    let given = 0
    const server = await relay.receiver((_, response) =>
      response.end(JSON.stringify({ access_token: `token-${++given}`, expires_in: 3600 })),
    )
    const tokenUrl = `${server.url}/token`
    const auth = { type: 'oauth2', tokenUrl, clientId: 'us', clientSecret: 'hidden' }
    const { source, receiver } = await relay.path({ auth }, ({ headers }, response) =>
      response.writeHead(headers.authorization === 'Bearer token-1' ? 401 : 200).end(headers.authorization),
    )
    const { id } = await relay.send(source, '{}')
    const delivery = await relay.delivery(id)
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 1 })
    expect(receiver.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ])
    expect(JSON.stringify(delivery)).not.toMatch(/hidden|token-\d/)
  })

  it('is tried again as the endpoint says', async () => {
    const settings = {
      retry: { scheduleSeconds: [0, 1] },
      success: { bodyContains: '"ok":true' },
      retryOn: ['500-599', '!200'],
    }
    const { source } = await relay.path(settings, (_, response) => response.end('{"ok":false}'))
    const { id } = await relay.send(source, '{}')
    const { status, attempts, attemptLog } = await relay.delivery(id)
    expect([status, attempts, attemptLog[0]?.result]).toEqual(['dead', 1, 'unexpected_body'])
  })

  it('is the last when the receiver says so', async () => {
    const { source, endpoint } = await relay.path({}, (_, response) =>
      response.writeHead(200, { 'webhook-delivery': 'disable' }).end(),
    )
    const { id } = await relay.send(source, '{}')
    expect((await relay.delivery(id)).status).toBe('delivered')
    const state = async () => (await relay.call('GET', `/endpoints/${endpoint.id}`))['state']
    const disabled = async () => ((await state()) === 'disabled' ? true : undefined)
    expect(await eventually(disabled, { withinMs: 10_000, what: () => 'still active' })).toBe(true)
  })
})
