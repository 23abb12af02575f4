import { createHmac, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Relay, SECRET, type Accepted } from '../support/relay.ts'
import { expectSigned } from '../support/signature.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

const MIB = 1024 * 1024

describe.concurrent('a webhook that was accepted', () => {
  it('arrives byte for byte, signed for its receiver, and can be read with every attempt', async () => {
    const { source, receiver, endpoint } = await relay.path({ eventTypes: ['push'] })
    const body = '{ "ref":"refs/heads/main",\n\t"repository":{"id":7}, "emoji":"\\ud83d\\ude00 é" }'
    const sent = await relay.send(source, body, {
      headers: { 'x-github-delivery': 'd-1', 'x-custom': 'kept', cookie: 'session=1' },
    })
    const [got] = await relay.arrived(receiver, 1)
    expect(got?.body.toString()).toBe(body)
    const { status, attempts, attemptLog, id } = await relay.delivery(sent.id)
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': id,
      'hookway-event-id': sent.id,
      'hookway-event-type': 'push',
      'hookway-attempt': '1',
      'hookway-source': source.id,
      'x-github-event': 'push',
      'x-custom': 'kept',
    })
    expect(got?.headers).not.toHaveProperty('cookie')
    expectSigned(got, endpoint.secret)
    expect({ status, attempts }).toEqual({ status: 'delivered', attempts: 1 })
    expect(attemptLog).toEqual([
      expect.objectContaining({
        number: 1,
        result: 'delivered',
        statusCode: 200,
        request: expect.objectContaining({ method: 'POST', url: `${receiver.url}/` }),
        response: expect.objectContaining({ body: 'ok', truncated: false }),
      }),
    ])
    const event = await relay.call('GET', `/events/${sent.id}`)
    expect(event).toMatchObject({
      type: 'push',
      sourceId: source.id,
      providerEventId: 'd-1',
      entityId: '7',
      data: JSON.parse(body),
      metadata: { provider: 'github', verified: 'verified' },
      deliveries: [expect.objectContaining({ id, endpointId: endpoint.id, status: 'delivered' })],
    })
  })

  it('keeps the path and the query under which it came', async () => {
    const { source, receiver } = await relay.path()
    const { id } = await relay.send(source, '{}', { path: '/shop/7?a=1&b=%20' })
    await relay.arrived(receiver, 1)
    await relay.delivery(id)
    expect(await relay.call('GET', `/events/${id}`)).toMatchObject({ path: '/shop/7?a=1&b=%20' })
  })

  it.each([
    ['1 MiB', MIB],
    ['20 MiB', 20 * MIB],
  ])('travels byte for byte with a body of %s', async (_, length) => {
    const { source, receiver, endpoint } = await relay.path()
    const body = new Uint8Array(randomBytes(length))
    const headers = { 'content-type': 'application/octet-stream' }
    const { id } = await relay.send(source, body, { headers })
    const [got] = await relay.arrived(receiver, 1)
    expect(got?.body.equals(body)).toBe(true)
    expect(got?.headers['content-type']).toBe('application/octet-stream')
    expectSigned(got, endpoint.secret)
    await relay.delivery(id)
    const stored = await fetch(`${relay.url}/v1/events/${id}/body`, {
      headers: { authorization: `Bearer ${relay.token}` },
    })
    expect(Buffer.from(await stored.arrayBuffer()).equals(body)).toBe(true)
  })

  it('travels byte for byte when its length was not announced', async () => {
    const { source, receiver } = await relay.path()
    const parts = Array.from({ length: 5 }, () => new Uint8Array(randomBytes(100_000)))
    const body = Buffer.concat(parts)
    const signature = createHmac('sha256', SECRET).update(body).digest('hex')
    const status = await new Promise<number>((resolve, reject) => {
      const sending = request(`${relay.url}/in/${source.id}`, {
        method: 'POST',
        headers: { 'x-hub-signature-256': `sha256=${signature}`, 'transfer-encoding': 'chunked' },
      })
      sending.on('error', reject).on('response', (response) => {
        resolve(response.resume().statusCode ?? 0)
      })
      for (const part of parts) sending.write(part)
      sending.end()
    })
    expect(status).toBe(200)
    const [got] = await relay.arrived(receiver, 1)
    expect(got?.body.equals(body)).toBe(true)
  })

  // Its signature is over the compressed bytes, and its receiver must be told how to read them.
  it('stays compressed when it came compressed, and says so', async () => {
    const { source, receiver, endpoint } = await relay.path()
    const body = new Uint8Array(gzipSync('{"compressed":true}'))
    await relay.send(source, body, { headers: { 'content-encoding': 'gzip' } })
    const [got] = await relay.arrived(receiver, 1)
    expect(got?.body.equals(body)).toBe(true)
    expect(got?.headers['content-encoding']).toBe('gzip')
    expectSigned(got, endpoint.secret)
  })
})

describe.concurrent('a repeat', () => {
  it('of a delivery id is answered with the first event and delivered once', async () => {
    const { source, receiver } = await relay.path()
    const options = { headers: { 'x-github-delivery': 'same' } }
    const together = await Promise.all(
      Array.from({ length: 8 }, (_, number) => relay.send(source, `{"number":${number}}`, options)),
    )
    const later = await relay.send(source, '{"number":8}', options)
    const answers = [...together, later]
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
    // What was sent last arrives last: had a repeat been delivered, it would be here by then.
    await relay.send(source, '{"number":9}', { headers: { 'x-github-delivery': 'other' } })
    const got = await relay.arrived(receiver, 2)
    expect(got.map(({ body }) => body.toString())).toContain('{"number":9}')
    await relay.delivery(later.id)
  })

  it('of a body without an id is known by its content, and another body is not', async () => {
    const { source } = await relay.path()
    const first = await relay.send(source, '{"a":1}')
    expect(await relay.send(source, '{"a":1}')).toEqual({ id: first.id, duplicate: true })
    expect(await relay.send(source, '{"a":2}')).toMatchObject({ duplicate: false })
    expect(await relay.send(source, '{"a":1}', { path: '/elsewhere' })).toMatchObject({ duplicate: false })
  })

  it('is an event of its own for a source that looks for none', async () => {
    const receiver = await relay.receiver()
    const source = await relay.source({ dedupe: { by: 'none' } })
    await relay.endpoint(source, receiver)
    const answers = [await relay.send(source, '{}'), await relay.send(source, '{}')]
    expect(new Set(answers.map(({ id }) => id)).size).toBe(2)
    await relay.arrived(receiver, 2)
  })
})

describe.concurrent('a published event', () => {
  it('is delivered once however often its id is published, in the standard form', async () => {
    const receiver = await relay.receiver()
    const endpoint = await relay.call<{ secret: string }>('POST', '/endpoints', {
      url: receiver.url,
      eventTypes: ['invoice.*'],
    })
    const event = {
      id: 'invoice-7',
      type: 'invoice.paid',
      data: { amount: 1e21, note: 'é' },
      occurredAt: '2026-11-22T10:00:00.000Z',
    }
    const first = await relay.call<Accepted>('POST', '/events', event)
    expect(await relay.call('POST', '/events', event)).toEqual({ id: first.id, duplicate: true })
    const [got] = await relay.arrived(receiver, 1)
    expect(JSON.parse(got?.body.toString() ?? '')).toEqual({
      type: 'invoice.paid',
      timestamp: '2026-11-22T10:00:00.000Z',
      data: event.data,
    })
    expect(got?.headers).toMatchObject({ 'hookway-source': 'publish', 'content-type': 'application/json' })
    expectSigned(got, endpoint.secret)
    const { status } = await relay.delivery(first.id)
    expect(status).toBe('delivered')
    expect(receiver.received).toHaveLength(1)
  })

  it('comes in an envelope where the endpoint asks for one', async () => {
    const receiver = await relay.receiver()
    await relay.call('POST', '/endpoints', {
      url: receiver.url,
      eventTypes: ['wrapped'],
      payload: 'envelope',
      signing: { scheme: 'sha256-hex' },
      headers: { 'X-Mine': 'yes' },
    })
    const { id } = await relay.call<Accepted>('POST', '/events', {
      type: 'wrapped',
      data: [1, 2],
      metadata: { region: 'north' },
    })
    const [got] = await relay.arrived(receiver, 1)
    expect(JSON.parse(got?.body.toString() ?? '')).toEqual({
      eventId: id,
      eventType: 'wrapped',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      tenantId: 'default',
      data: [1, 2],
      metadata: { version: '1', environment: 'production', region: 'north' },
    })
    expect(got?.headers['x-webhook-signature']).toMatch(/^sha256=[0-9a-f]{64}$/)
    expect(got?.headers['x-mine']).toBe('yes')
  })

  it('keeps its place in a batch', async () => {
    const receiver = await relay.receiver()
    await relay.call('POST', '/endpoints', {
      url: receiver.url,
      eventTypes: ['batched'],
      ordering: 'endpoint',
    })
    const events = Array.from({ length: 20 }, (_, data) => ({ type: 'batched', data, orderingKey: 'k' }))
    const { data } = await relay.call<{ data: Accepted[] }>('POST', '/events/batch', events)
    expect(data).toHaveLength(20)
    const got = await relay.arrived(receiver, 20)
    expect(got.map(({ headers }) => headers['hookway-event-id'])).toEqual(data.map(({ id }) => id))
  })
})
