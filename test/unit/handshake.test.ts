import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { answerHandshake } from '../../src/ingest/handshake.ts'
import { text, utf8 } from '../../src/model/bytes.ts'
import type { HeaderPair } from '../../src/model/request.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { noKeys } from '../../src/providers/scheme/keys.ts'
import { challenges, requestOf, sourceOf, vectorFiles, type Challenge } from '../case/provider.case.ts'

/** Answers to accepted events: the provider file's `answer` carries them. SNS needs a signed message. */
const NOT_HANDSHAKES = ['adyen', 'salesforce-outbound-message', 'aws-sns']

const ask = (provider: string, request: Challenge['request'], challenge: Partial<Challenge> = {}) =>
  answerHandshake({
    source: sourceOf(provider, challenge.secret === undefined ? [] : [challenge.secret], {
      config: { ...challenge.config, ...(challenge.verifyToken && { verifyToken: challenge.verifyToken }) },
    }),
    request: requestOf(request),
    now: 1_760_000_000_000,
    keys: noKeys,
  })

const hmacOf = (content: string, encoding: 'hex' | 'base64' = 'hex'): string =>
  createHmac('sha256', 'key').update(content).digest(encoding)

describe('challenges', () => {
  it.each(challenges.filter(({ provider }) => !NOT_HANDSHAKES.includes(provider)))(
    '$provider gets the answer it wants',
    async (challenge) => {
      const answer = await ask(challenge.provider, challenge.request, challenge)
      expect(answer?.status).toBe(challenge.response.status)
      if (challenge.response.body !== undefined) expect(answer?.body).toBe(challenge.response.body)
      if (challenge.response.contentType) {
        expect(answer?.headers['content-type']).toBe(challenge.response.contentType)
      }
      const headers = Object.entries(answer?.headers ?? {}).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ])
      for (const [name, value] of Object.entries(challenge.response.headers ?? {})) {
        expect(headers).toContainEqual([name.toLowerCase(), value])
      }
      if (challenge.negative) {
        const refusal = await ask(challenge.provider, challenge.negative.request, challenge)
        expect(refusal?.status).toBe(challenge.negative.response.status)
      }
    },
  )

  it('keeps the secret that Asana hands over only while there is none', async () => {
    const request = {
      method: 'POST',
      url: 'https://gateway.example.test/in/a',
      headers: { 'x-hook-secret': 's' },
    }
    expect((await ask('asana', request))?.effect).toEqual({ kind: 'keep_secret', secret: 's' })
    expect((await ask('asana', request, { secret: 'mine' }))?.effect).toBeUndefined()
  })

  it.each([
    [
      'zoom',
      { event: 'endpoint.url_validation', payload: { plainToken: 'v0:1760000000:{"event":"forged"}' } },
    ],
    ['smartcar', { eventName: 'verify', payload: { challenge: '{"eventName":"forged"}' } }],
  ])('%s does not sign a text that could be an event', async (provider, body) => {
    const request = { method: 'POST', url: 'https://gateway.example.test/in/a', body: JSON.stringify(body) }
    expect(await ask(provider, request, { secret: 'key' })).toBeUndefined()
  })

  it('X does not sign a text that could be an event', async () => {
    const token = encodeURIComponent('{"for_user_id":"1"}')
    const request = { method: 'GET', url: `https://gateway.example.test/in/a?crc_token=${token}` }
    expect(await ask('x-twitter', request, { secret: 'key' })).toBeUndefined()
  })

  it('Discord is not answered without its signature', async () => {
    const request = { method: 'POST', url: 'https://gateway.example.test/in/a', body: '{"type":1}' }
    expect(await ask('discord', request, { secret: 'ab'.repeat(32) })).toBeUndefined()
  })

  const url = 'https://gateway.example.test/in/a'

  it.each([
    ['slack', { method: 'POST', url, body: '{"type":"url_verification","challenge":"c"}' }, 'c'],
    ['monday', { method: 'POST', url, body: '{"challenge":"c"}' }, '{"challenge":"c"}'],
    ['nylas', { method: 'GET', url: `${url}?challenge=c` }, 'c'],
    ['onfleet', { method: 'GET', url: `${url}?check=c` }, 'c'],
    ['oura', { method: 'GET', url: `${url}?verification_token=t&challenge=c` }, '{"challenge":"c"}'],
    [
      'okta',
      { method: 'GET', url, headers: { 'x-okta-verification-challenge': 'c' } },
      '{"verification":"c"}',
    ],
    [
      'twitch',
      {
        method: 'POST',
        url,
        headers: { 'twitch-eventsub-message-type': 'webhook_callback_verification' },
        body: '{"challenge":"c"}',
      },
      'c',
    ],
    [
      'smartcar',
      { method: 'POST', url, body: '{"eventType":"VERIFY","data":{"challenge":"c"}}' },
      `{"challenge":"${hmacOf('c')}"}`,
    ],
    ['mandrill', { method: 'HEAD', url }, null],
    ['clio', { method: 'POST', url, headers: { 'x-hook-secret': 's' } }, null],
    [
      'woocommerce',
      {
        method: 'POST',
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'webhook_id=1',
      },
      null,
    ],
  ])('%s is answered', async (provider, request, body) => {
    expect(await ask(provider, request, { secret: 'key' })).toMatchObject({ status: 200, body })
  })

  it('CloudEvents senders are let in, at the rate they ask for', async () => {
    const headers = { 'webhook-request-origin': 'e.example.com', 'webhook-request-rate': '120' }
    expect((await ask('cloudevents', { method: 'OPTIONS', url, headers }))?.headers).toEqual({
      'WebHook-Allowed-Origin': 'e.example.com',
      'WebHook-Allowed-Rate': '120',
      Allow: 'POST',
    })
  })

  it('CloudEvents callbacks are visited where the owner allows it and nowhere else', async () => {
    const asked = (callback: string, config: Record<string, unknown> = {}, provider = 'cloudevents') => {
      const headers = { 'webhook-request-origin': 'e.example.com', 'webhook-request-callback': callback }
      return ask(provider, { method: 'OPTIONS', url, headers }, { config })
    }
    const callback = 'https://a.hooks.example.com:8443/confirm?id=1'
    const visit = { effect: { kind: 'visit', url: callback } }
    expect(await asked(callback, { callbackHosts: ['*.example.com'] })).toMatchObject(visit)
    expect(await asked(callback, { callbackHosts: ['a.hooks.example.com'] })).toMatchObject(visit)
    for (const callbackHosts of [undefined, [], ['example.com'], ['*.hooks.example.com.evil.test']]) {
      const answer = await asked(callback, { callbackHosts })
      expect([answer?.effect, answer?.headers['WebHook-Allowed-Origin']]).toEqual([
        undefined,
        'e.example.com',
      ])
    }
    expect((await asked('nonsense', { callbackHosts: ['nonsense'] }))?.effect).toBeUndefined()
    const grid = 'https://rp-westus2.eventgrid.azure.net:553/eventsubscriptions/s/validate?id=1'
    expect((await asked(grid, {}, 'azure-event-grid'))?.effect).toEqual({ kind: 'visit', url: grid })
    expect((await asked(callback, {}, 'azure-event-grid'))?.effect).toBeUndefined()
  })

  it('CloudEvents senders are let in only from the origins that the owner names, if any', async () => {
    const headers = { 'webhook-request-origin': 'e.example.com' }
    const asked = async (allowedOrigins: string[]) =>
      (await ask('cloudevents', { method: 'OPTIONS', url, headers }, { config: { allowedOrigins } }))?.headers
    expect(await asked(['*.example.com'])).toMatchObject({ 'WebHook-Allowed-Origin': 'e.example.com' })
    expect(await asked(['example.com'])).toEqual({ Allow: 'POST' })
  })

  it('Event Grid is validated by its code, else by a visit to its own host once its token holds', async () => {
    const headers = { 'aeg-event-type': 'SubscriptionValidation' }
    const validated = (data: object, token = 'key') => {
      const body = JSON.stringify([{ data }])
      const request = { method: 'POST', url: `${url}?code=${token}`, headers, body }
      return ask('azure-event-grid', request, { secret: 'key' })
    }
    const validationUrl = 'https://rp-eastus2.eventgrid.azure.net:553/eventsubscriptions/s/validate?id=1'
    const byCode = await validated({ validationCode: 'c', validationUrl })
    expect([byCode?.body, byCode?.effect]).toEqual(['{"validationResponse":"c"}', undefined])
    expect((await validated({ validationUrl }))?.effect).toEqual({ kind: 'visit', url: validationUrl })
    expect(await validated({ validationUrl }, 'guessed')).toBeUndefined()
    for (const elsewhere of [
      'https://rp-eastus2.eventgrid.azure.net.evil.test:553/',
      'https://rp-eastus2.eventgrid.azure.net:554/',
      'http://rp-eastus2.eventgrid.azure.net:553/',
      'https://evil.test/rp-eastus2.eventgrid.azure.net',
    ]) {
      expect(await validated({ validationUrl: elsewhere })).toBeUndefined()
    }
  })

  it('Xero is told by its own signature whether we hold the key', async () => {
    const body = '{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"E"}'
    const signed = { 'x-xero-signature': hmacOf(body, 'base64') }
    expect(
      await ask('xero', { method: 'POST', url, headers: signed, body }, { secret: 'key' }),
    ).toMatchObject({ status: 200 })
    expect(
      await ask('xero', { method: 'POST', url, headers: signed, body }, { secret: 'other' }),
    ).toBeUndefined()
  })

  it('SNS is confirmed where AWS says, once its signature holds', async () => {
    const sns = vectorFiles().find(({ file }) => file === 'aws-sns')
    const vector = sns?.vectors.find(({ name }) => name === 'valid:v2-sha256')
    if (vector === undefined) throw new Error('no vector')
    const { privateKeyPem } = vector.source.settings.config['keys'] as { privateKeyPem: string }
    const headers: HeaderPair[] = [['x-amz-sns-message-type', 'SubscriptionConfirmation']]
    const confirmed = (SubscribeURL: string, key: string) => {
      const old = JSON.parse(text(vector.request.body)) as Record<string, string>
      const message: Record<string, string> = {
        ...old,
        Type: 'SubscriptionConfirmation',
        Token: 't',
        SubscribeURL,
      }
      const names = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
      const content = names.map((name) => `${name}\n${message[name]}\n`).join('')
      const Signature = sign('sha256', utf8(content), key).toString('base64')
      const request = { ...vector.request, headers, body: utf8(JSON.stringify({ ...message, Signature })) }
      return answerHandshake({ ...vector, request, keys: noKeys })
    }
    const place = 'https://sns.us-west-2.amazonaws.com/?Action=Confirm'
    expect(await confirmed(place, privateKeyPem)).toMatchObject({
      status: 200,
      effect: { kind: 'visit', url: place },
    })
    expect(await confirmed('https://evil.test/', privateKeyPem)).toBeUndefined()
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    expect(await confirmed(place, other.export({ type: 'pkcs8', format: 'pem' }).toString())).toBeUndefined()
  })

  it('no echo is longer than a challenge is', async () => {
    const body = JSON.stringify({ type: 'url_verification', challenge: 'c'.repeat(5000) })
    expect(await ask('slack', { method: 'POST', url, body })).toBeUndefined()
  })

  it('events of providers that want a certain answer get it', () => {
    expect(findProvider('adyen')?.answer?.body).toBe('[accepted]')
    expect(findProvider('salesforce-outbound')?.answer?.body).toContain('<Ack>true</Ack>')
  })
})
