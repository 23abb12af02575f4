import { describe, expect, it } from 'vitest'
import { batchFaults } from '../../src/model/batch.ts'
import { text, utf8 } from '../../src/model/bytes.ts'
import { endpointSettingsSchema } from '../../src/model/endpoint.ts'
import type { Event } from '../../src/model/event.ts'
import { batchIdOf, deliveryIdOf, newId, type DeliveryId, type SourceId } from '../../src/model/id.ts'
import { eventOf, makeWorld, NOW, type Sent } from '../support/attempt-world.ts'

const SUBSCRIPTION = newId('sub', NOW)
const SOURCE: SourceId = 'src_01M80QNV1KDDNSNS26TJ7V4HD4'
const RELAYED: Partial<Event['head']> = { sourceId: SOURCE }
const LEAD = eventOf({ id: 'evt_01M80QNV1KAAAAAAAAAAAAAAAA', ...RELAYED })
const DEAL = eventOf(
  { id: 'evt_01M80QNV1KBBBBBBBBBBBBBBBB', type: 'deal.won', occurredAt: NOW, ...RELAYED },
  utf8('{\n  "amount": 12345678901234567890\n}'),
)

interface SentBatch extends Sent {
  text: string
  id: string
  ids: DeliveryId[]
}

async function send(
  settings: object,
  events: Event[] = [LEAD, DEAL],
  key?: string | null,
): Promise<SentBatch> {
  const world = makeWorld(() => new Response('ok'))
  const items = events.map((event) => ({ id: deliveryIdOf(event.head.id, SUBSCRIPTION), event }))
  const ids = items.map(({ id }) => id)
  const batch = { id: batchIdOf(ids), items, ...(key !== undefined && { key }) }
  await world.attempt(settings, events[0], batch)
  const [sent] = world.sent
  if (!sent) throw new Error('nothing was sent')
  return { ...sent, text: text(sent.body ?? utf8('')), id: batch.id, ids }
}

const TIMES = [new Date(NOW - 1000).toISOString(), new Date(NOW).toISOString()]

describe('the body of a batch', () => {
  it('is a list of the events with the ids of their deliveries', async () => {
    const { text, headers, id, ids } = await send({})
    expect(text).toBe(
      `[{"id":"${ids[0]}","type":"lead.created","timestamp":"${TIMES[0]}","data":{"lead":{"id":42,"ok":true}}},` +
        `{"id":"${ids[1]}","type":"deal.won","timestamp":"${TIMES[1]}","data":{\n  "amount": 12345678901234567890\n}}]`,
    )
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': id,
      'hookway-batch-size': '2',
      'hookway-source': SOURCE,
      'hookway-attempt': '3',
    })
    expect(headers).not.toHaveProperty('hookway-event-id')
    expect(headers).not.toHaveProperty('hookway-event-type')
  })

  it('is a list of the bodies as received with `raw`, and of envelopes under the id of the batch', async () => {
    const note = eventOf({ contentType: 'text/plain' }, utf8('no "JSON"'))
    expect((await send({ payload: 'raw' }, [LEAD, note])).text).toBe(
      '[{"lead":{"id":42,"ok":true}},"no \\"JSON\\""]',
    )
    const { text, id, ids } = await send({ payload: 'envelope' })
    expect(JSON.parse(text)).toMatchObject({
      batchId: id,
      events: [
        { id: ids[0], eventId: LEAD.head.id, eventType: 'lead.created', tenantId: 'default' },
        { id: ids[1], eventId: DEAL.head.id, metadata: { country: 'AT' } },
      ],
    })
  })

  it('has a line for each event as NDJSON', async () => {
    const { text, headers, ids } = await send({ contentType: 'application/x-ndjson' })
    expect(headers['content-type']).toBe('application/x-ndjson')
    const lines = text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ id: ids[0] }, { id: ids[1] }])
  })

  it('is a batch of CloudEvents', async () => {
    const { text, headers } = await send({ contentType: 'application/cloudevents+json' })
    expect(headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8')
    expect(JSON.parse(text)).toMatchObject([
      { specversion: '1.0', id: LEAD.head.id, source: `/sources/${SOURCE}`, type: 'lead.created' },
      { specversion: '1.0', id: DEAL.head.id, data: {} },
    ])
  })

  it('is a form, or XML, with the events in it', async () => {
    const form = await send({ contentType: 'application/x-www-form-urlencoded' })
    expect(new URLSearchParams(form.text).get('events[1][data][amount]')).toBe('12345678901234567890')
    const xml = await send({ contentType: 'application/xml' })
    expect(xml.text).toContain('<events><id>dlv_')
    expect(xml.text.match(/<events>/g)).toHaveLength(2)
  })

  it('has in clear what its senders encrypted, but for `raw`', async () => {
    const opened = '{"value":"in clear"}'
    const secret = eventOf({ ...RELAYED, opened }, utf8('{"value":"encrypted"}'))
    for (const settings of [
      {},
      { payload: 'envelope' },
      { contentType: 'application/cloudevents+json' },
      { contentType: 'application/x-ndjson' },
    ]) {
      const { text } = await send(settings, [secret, LEAD])
      expect([text.includes('in clear'), text.includes('encrypted')]).toEqual([true, false])
    }
    expect((await send({ payload: 'raw' }, [secret])).text).toBe('[{"value":"encrypted"}]')
    expect((await send({}, [LEAD, secret], 'acme')).text).toContain(`"data":${opened}`)
  })

  it('leaves out what was erased meanwhile', async () => {
    const erased = eventOf({ id: 'evt_01M80QNV1KCCCCCCCCCCCCCCCC', erased: true }, utf8(''))
    for (const events of [
      [erased, LEAD, DEAL],
      [LEAD, DEAL, erased],
    ]) {
      const { text, headers } = await send({}, events)
      expect((JSON.parse(text) as { type: string }[]).map(({ type }) => type)).toEqual([
        'lead.created',
        'deal.won',
      ])
      expect(headers['hookway-batch-size']).toBe('2')
    }
    const world = makeWorld(() => new Response('ok'))
    const items = [{ id: deliveryIdOf(erased.head.id, SUBSCRIPTION), event: erased }]
    const { outcome } = await world.attempt({}, erased, { id: batchIdOf([]), items })
    expect([world.sent.length, outcome]).toEqual([
      0,
      expect.objectContaining({ kind: 'refused', reason: 'payload_missing' }),
    ])
  })

  it('is hidden from the record by the rules of each of its events', async () => {
    const masked = (path: string, value: string) =>
      eventOf(
        { ...RELAYED, masking: { headers: [], paths: [path] } },
        utf8(JSON.stringify({ [path]: value })),
      )
    const clear = (value: string) =>
      eventOf(
        { ...RELAYED, masking: { headers: [], paths: ['$..name'] }, opened: JSON.stringify({ name: value }) },
        utf8('{"encrypted":"AAAA"}'),
      )
    const events = [masked('card', '4111-1111'), masked('mail', 'anna@a.example'), clear('Erika'), LEAD]
    const items = events.map((event) => ({ id: deliveryIdOf(event.head.id, SUBSCRIPTION), event }))
    const echo = `{"said":"4111-1111 anna@a.example Erika","card":"9999","mail":"x"}`
    const world = makeWorld(() => new Response(echo, { headers: { 'x-echo': 'anna@a.example' } }))
    const { record } = await world.attempt({}, events[0], { id: batchIdOf([]), items })
    expect(record.responseBody).toBe('{"said":"*** *** ***","card":"***","mail":"***"}')
    expect(record.responseHeaders).toContainEqual(['x-echo', '***'])
  })

  it('has the request of a transformation when it is alone', async () => {
    const made = { version: 1, hasBody: true, method: 'PUT', path: '/deals', headers: [['x-a', '1']] }
    const own = eventOf({
      ...RELAYED,
      made: { ...made, from: LEAD.head } as unknown as Event['head']['made'] & object,
    })
    expect(await send({}, [own])).toMatchObject({
      url: 'https://a.example/hook/deals',
      method: 'PUT',
      headers: { 'x-a': '1', 'hookway-batch-size': '1', 'hookway-event-type': 'lead.created' },
    })
  })
})

describe('the body of an aggregate', () => {
  it('is one event with the others in its data', async () => {
    const { text, headers, ids } = await send({}, [LEAD, DEAL], 'acme')
    expect(JSON.parse(text)).toEqual({
      type: 'aggregate',
      timestamp: TIMES[1],
      data: {
        key: 'acme',
        count: 2,
        first: TIMES[0],
        last: TIMES[1],
        events: [
          { id: ids[0], type: 'lead.created', timestamp: TIMES[0], data: { lead: { id: 42, ok: true } } },
          {
            id: ids[1],
            type: 'deal.won',
            timestamp: TIMES[1],
            data: { amount: Number('12345678901234567890') },
          },
        ],
      },
    })
    expect(headers).toMatchObject({ 'hookway-batch-size': '2', 'hookway-source': SOURCE })
  })

  it('has the type that its events have in common, and its key in the URL', async () => {
    const { text, url, id } = await send(
      { payload: 'envelope', url: 'https://a.example/{{eventType}}/{{data.key}}' },
      [LEAD, LEAD],
      'acme',
    )
    expect(url).toBe('https://a.example/lead.created/acme')
    expect(JSON.parse(text)).toMatchObject({ eventId: id, eventType: 'lead.created', data: { count: 2 } })
  })

  it('is its data alone with `raw`', async () => {
    expect(JSON.parse((await send({ payload: 'raw' }, [LEAD], null)).text)).toMatchObject({
      key: null,
      count: 1,
    })
  })
})

describe('the id of a batch', () => {
  it('is that of its deliveries in their order', () => {
    const [a, b] = [newId('dlv', NOW), newId('dlv', NOW)]
    expect(batchIdOf([a, b])).toBe(batchIdOf([a, b]))
    expect(new Set([batchIdOf([a, b]), batchIdOf([b, a]), batchIdOf([a]), batchIdOf([b])]).size).toBe(4)
    expect(batchIdOf([a])).toMatch(/^bat_[0-9A-HJKMNP-TV-Z]{26}$/)
  })
})

describe('settings beside a batch', () => {
  it('must not belong to one event', () => {
    const settings = endpointSettingsSchema.parse({
      url: 'https://a.example/{{data.id}}',
      method: 'GET',
      forwardPath: true,
      contentType: 'cloudevents-binary',
      batch: {},
    })
    expect(settings.batch).toEqual({ maxEvents: 100, maxSeconds: 5 })
    expect(batchFaults(settings).map(({ path }) => path)).toEqual([
      'method',
      'url',
      'forwardPath',
      'contentType',
    ])
    expect(batchFaults({ ...settings, batch: null })).toEqual([])
  })
})
