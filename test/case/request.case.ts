import { compactDecrypt, exportJWK, exportSPKI, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import { text, utf8 } from '../../src/model/bytes.ts'
import type { Event } from '../../src/model/event.ts'
import { attempt, eventOf, sentBy } from '../support/attempt-world.ts'

/** The request of a delivery, from the settings to the wire. Runs wherever the relay may run. */
export function requestCase(): void {
  describe('the target', target)
  describe('the payload', payload)
  describe('the encoding', encoding)
  describe('the record', records)
}

function target(): void {
  it.each([
    [{ url: 'https://a.example/{{eventType}}/{{data.lead.id}}' }, 'https://a.example/lead.created/42'],
    [{ url: 'https://a.example/{{metadata.country}}', query: { a: '1 2' } }, 'https://a.example/AT?a=1+2'],
    [{ url: 'https://a.example/h?x=1', query: { a: 'b' } }, 'https://a.example/h?x=1&a=b'],
    [{ url: 'https://a.example/h/', forwardPath: true }, 'https://a.example/h/v2/x%20y?q=1&r'],
    [
      { url: 'https://a.example/h?x=1', forwardPath: true, query: { a: 'b' } },
      'https://a.example/h/v2/x%20y?x=1&q=1&r&a=b',
    ],
    [{ url: 'https://a.example/h' }, 'https://a.example/h'],
  ])('%j', async (settings, url) => {
    expect((await sentBy(settings, eventOf({ path: '/v2/x%20y?q=1&r' }))).url).toBe(url)
  })

  it('is not sent to when the event has no value for it', async () => {
    const { sent, outcome, record } = await attempt({ url: 'https://a.example/{{data.none}}' })
    expect(sent).toEqual([])
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'bad_url' })
    expect(record).toMatchObject({ result: 'bad_url', error: expect.stringContaining('{{data.none}}') })
  })

  it('is guarded again with the values of the event', async () => {
    const { sent, outcome } = await attempt({ url: 'http://10.0.0.1/{{eventType}}' })
    expect(sent).toEqual([])
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'private_address' })
  })

  it('gets the method that was asked for, without a body where there is none', async () => {
    expect(await sentBy({ method: 'PUT' })).toMatchObject({ method: 'PUT' })
    const { body, headers } = await sentBy({ method: 'GET', compression: 'gzip' })
    expect(body).toBeUndefined()
    expect(headers).not.toHaveProperty('content-type')
    expect(headers).toHaveProperty('webhook-signature')
  })
}

function payload(): void {
  const relayed = eventOf({
    sourceId: 'src_01M80QNV1KDDNSNS26TJ7V4HD4',
    headers: [
      ['x-github-event', 'push'],
      ['cookie', 'a'],
      ['user-agent', 'GitHub'],
    ],
  })

  it('is the body as received for relayed events, with their headers', async () => {
    const { text: sent, headers } = await sentBy({ headers: { 'X-GitHub-Event': 'mine' } }, relayed)
    expect(sent).toBe('{"lead":{"id":42,"ok":true}}')
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-github-event': 'mine',
      'hookway-attempt': '3',
      'user-agent': expect.stringMatching(/^Hookway/),
    })
    expect(headers).not.toHaveProperty('cookie')
  })

  it('is standard for published events, and wherever a content type is asked for', async () => {
    const standard = '{"type":"lead.created","timestamp":"2026-11-22T09:59:59.000Z","data":'
    expect((await sentBy({})).text).toContain(standard)
    expect((await sentBy({ contentType: 'application/json' }, relayed)).text).toContain(standard)
    const envelope = JSON.parse((await sentBy({ payload: 'envelope' })).text) as object
    expect(envelope).toMatchObject({ eventType: 'lead.created', metadata: { version: '1', country: 'AT' } })
  })

  it('is a form with nested names', async () => {
    const event = eventOf({}, utf8('{"a":[1,{"b":"x y"}],"big":12345678901234567890,"n":null}'))
    const sent = await sentBy({ contentType: 'application/x-www-form-urlencoded' }, event)
    expect(Object.fromEntries(new URLSearchParams(sent.text))).toEqual({
      type: 'lead.created',
      timestamp: '2026-11-22T09:59:59.000Z',
      'data[a][0]': '1',
      'data[a][1][b]': 'x y',
      'data[big]': '12345678901234567890',
      'data[n]': '',
    })
  })

  it('is XML that any parser reads', async () => {
    const event = eventOf({}, utf8('{"a b":[1,[2]],"1":"<&\\u0000","@_x":"y","big":12345678901234567890}'))
    const sent = await sentBy({ contentType: 'application/xml' }, event)
    expect(sent.headers['content-type']).toBe('application/xml; charset=utf-8')
    expect(sent.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><event><type>lead.created</type>' +
        '<timestamp>2026-11-22T09:59:59.000Z</timestamp><data><_1>&lt;&amp;\ufffd</_1><a_b>1</a_b>' +
        '<a_b><item>2</item></a_b><__x>y</__x><big>12345678901234567890</big></data></event>',
    )
  })

  it('is bounded in depth in every form', async () => {
    const deep = eventOf({}, utf8('['.repeat(50_000) + ']'.repeat(50_000)))
    for (const contentType of ['application/xml', 'application/x-www-form-urlencoded', 'application/json']) {
      expect((await attempt({ contentType }, { event: deep })).outcome.kind).toBe('delivered')
    }
  })

  it('is a CloudEvent in structured mode', async () => {
    const contentType = 'application/cloudevents+json'
    const sent = await sentBy({ contentType }, relayed)
    expect(sent.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8')
    const attributes = {
      specversion: '1.0',
      id: 'evt_01M80QNV1KDDNSNS26TJ7V4HD4',
      source: '/sources/src_01M80QNV1KDDNSNS26TJ7V4HD4',
      type: 'lead.created',
      time: '2026-11-22T09:59:59.000Z',
    }
    const data = { lead: { id: 42, ok: true } }
    expect(JSON.parse(sent.text)).toEqual({ ...attributes, datacontenttype: 'application/json', data })
    const asText = await sentBy({ contentType }, eventOf({ contentType: 'text/plain' }, utf8('{"a":1}')))
    expect(JSON.parse(asText.text)).toMatchObject({ data: '{"a":1}', datacontenttype: 'text/plain' })
    const bytes = await sentBy({ contentType }, eventOf({ contentType: 'image/png' }, new Uint8Array([255])))
    expect(JSON.parse(bytes.text)).toMatchObject({ data_base64: '/w==' })
  })

  it('is a CloudEvent in binary mode', async () => {
    const event = eventOf({ type: 'Zoë "5%"', contentType: 'text/csv' }, utf8('a,b'))
    const { headers, text: body } = await sentBy({ contentType: 'cloudevents-binary' }, event)
    expect(body).toBe('a,b')
    expect(headers).toMatchObject({
      'content-type': 'text/csv',
      'ce-specversion': '1.0',
      'ce-id': 'evt_01M80QNV1KDDNSNS26TJ7V4HD4',
      'ce-source': '/publish',
      'ce-type': 'Zo%C3%AB%20%225%25%22',
      'ce-time': '2026-11-22T09:59:59.000Z',
    })
  })
}

function encoding(): void {
  it('compresses, and signs what is sent', async () => {
    const signing = { scheme: 'custom', header: 'x-sig', content: '{body}' }
    const plain = await sentBy({ signing })
    const { headers, body = new Uint8Array(0) } = await sentBy({ signing, compression: 'gzip' })
    expect(headers['content-encoding']).toBe('gzip')
    const unzipped = new Blob([body]).stream().pipeThrough(new DecompressionStream('gzip'))
    expect(await new Response(unzipped).text()).toBe(plain.text)
    const key = { name: 'HMAC', hash: 'SHA-256' }
    const secret = await crypto.subtle.importKey('raw', new Uint8Array(24).fill(1), key, false, ['verify'])
    const hex = headers['x-sig']?.match(/../g)?.map((each) => Number.parseInt(each, 16)) ?? []
    expect(await crypto.subtle.verify('HMAC', secret, new Uint8Array(hex), body)).toBe(true)
  })

  it('names a coding that the original has before its own', async () => {
    const head = { sourceId: 'src_01M80QNV1KDDNSNS26TJ7V4HD4', headers: [['content-encoding', 'br']] }
    const event = eventOf(head as Partial<Event['head']>)
    expect((await sentBy({}, event)).headers['content-encoding']).toBe('br')
    expect((await sentBy({ compression: 'gzip' }, event)).headers['content-encoding']).toBe('br, gzip')
  })

  it.each([
    ['RSA-OAEP-256', 'A256GCM'],
    ['ECDH-ES', 'A128GCM'],
    ['ECDH-ES+A256KW', 'A128CBC-HS256'],
  ])('encrypts to the key of the receiver with %s and %s', async (alg, enc) => {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1' }
    const keys = [{ jwk }, { pem: await exportSPKI(publicKey) }]
    for (const key of keys) {
      const sent = await sentBy({ encryption: { ...key, alg, enc } })
      expect(sent.headers['content-type']).toBe('application/jose')
      expect(sent.text).not.toContain('lead')
      const { plaintext, protectedHeader } = await compactDecrypt(sent.text, privateKey)
      expect(text(plaintext)).toBe((await sentBy({})).text)
      expect(protectedHeader).toMatchObject({ alg, enc, cty: 'application/json' })
      expect(protectedHeader.kid).toBe('jwk' in key ? 'key-1' : undefined)
    }
  })
}

function records(): void {
  it('holds no secret, also when the receiver echoes them all', async () => {
    const { record } = await attempt(
      {
        auth: { type: 'bearer', token: 'hidden-token' },
        headers: { 'x-api-key': 'hidden-key', 'x-team': 'blue' },
        query: { key: 'hidden-query' },
        signing: { scheme: 'custom', header: 'x-proof' },
      },
      {
        receiver: ({ headers, url }) =>
          new Response(JSON.stringify({ headers, url }), {
            status: 400,
            headers: { 'x-echo': `was ${headers['authorization']}` },
          }),
      },
    )
    expect(JSON.stringify(record)).not.toContain('hidden')
    const kept = Object.fromEntries(record.requestHeaders)
    expect(kept).toMatchObject({
      'x-team': 'blue',
      'x-api-key': '***',
      authorization: '***',
      'x-proof': '***',
    })
    expect(Object.fromEntries(record.responseHeaders ?? [])['x-echo']).toBe('was ***')
  })

  it('says what the receiver answered, and how it was taken', async () => {
    const { outcome, record } = await attempt(
      {},
      { receiver: () => new Response('later', { status: 503, headers: { 'retry-after': '7' } }) },
    )
    expect(outcome).toEqual({ kind: 'deferred', reason: 'server_error', statusCode: 503, retryAfterMs: 7000 })
    expect(record).toMatchObject({ result: 'server_error', statusCode: 503, responseBody: 'later' })
  })

  it('says which receiver wants no more', async () => {
    const headers = { 'webhook-delivery': 'disable' }
    const { outcome } = await attempt({}, { receiver: () => new Response('', { headers }) })
    expect(outcome).toEqual({ kind: 'delivered', statusCode: 200, disable: true })
  })
}
