import { describe, expect, it } from 'vitest'
import { normalise, type NormalisedEvent } from '../../src/ingest/normalise.ts'
import { text } from '../../src/model/bytes.ts'
import { newId } from '../../src/model/id.ts'
import { requestOf, sourceOf } from '../case/provider.case.ts'

type Request = Parameters<typeof requestOf>[0]

async function eventsOf(
  provider: string,
  request: Request,
  settings: Parameters<typeof sourceOf>[2] & { path?: string } = {},
): Promise<NormalisedEvent[]> {
  const { path = '', ...rest } = settings
  const result = await normalise({
    source: sourceOf(provider, ['secret'], rest),
    request: requestOf(request),
    path,
    verification: { verdict: 'verified' },
    metadata: { country: 'NL' },
    newEventId: () => newId('evt', 1_760_000_000_000),
  })
  if (!result.ok) throw new Error(result.error.code)
  return result.value
}

const bodies = (events: NormalisedEvent[]): string[] => events.map(({ event }) => text(event.body))
const facts = (events: NormalisedEvent[]) => events.map(({ event: { head } }) => [head.type, head.entityId])

describe('an event', () => {
  it('is read from headers and body by the pointers of its provider', async () => {
    const body = { action: 'opened', pull_request: { id: 7 }, changes: { title: { from: 'a' } } }
    const headers = {
      'x-github-event': 'pull_request',
      'x-github-delivery': 'd-1',
      'content-type': 'application/json',
    }
    const [one] = await eventsOf('github', { headers, body: JSON.stringify(body) }, { path: '/x?y=1' })
    expect(one).toMatchObject({
      dedupeKey: 'id:d-1',
      dedupeWindowSeconds: 86_400,
      event: {
        head: {
          type: 'pull_request.opened',
          providerEventId: 'd-1',
          entityType: 'pull_request',
          entityId: '7',
          path: '/x?y=1',
          contentType: 'application/json',
          metadata: { provider: 'github', verified: 'verified', country: 'NL', changes: body.changes },
        },
      },
    })
  })

  it('reads a form that wraps JSON', async () => {
    const headers = { 'x-github-event': 'issues', 'content-type': 'application/x-www-form-urlencoded' }
    const body = `payload=${encodeURIComponent('{"action":"closed"}')}`
    expect(facts(await eventsOf('github', { headers, body }))).toEqual([['issues.closed', undefined]])
  })

  it('reads the JSON field of a multipart form', async () => {
    const event = {
      event: { event_type: 'signature_request_signed', event_time: '1760000000', event_hash: 'h' },
    }
    const body = `--b\r\nContent-Disposition: form-data; name="json"\r\n\r\n${JSON.stringify(event)}\r\n--b--\r\n`
    const [one] = await eventsOf('dropbox-sign', {
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body,
    })
    expect(one?.event.head).toMatchObject({ type: 'signature_request_signed', occurredAt: 1_760_000_000_000 })
  })

  it('reads the claims of a body that is a token', async () => {
    const claims = { data: JSON.stringify({ eventType: 'order', entityEventId: 'e1' }) }
    const body = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
    const [one] = await eventsOf('wix', { body })
    expect(one).toMatchObject({ dedupeKey: 'id:e1', event: { head: { type: 'order' } } })
  })

  it.each(['{"a":', 'plain text', '\u0000\u0001', ''])(
    'with the unreadable body %j gets the default type',
    async (body) => {
      expect(facts(await eventsOf('stripe', { body }))).toEqual([['stripe.event', undefined]])
    },
  )

  it('is read as its source says where that differs from the provider', async () => {
    const config = { event: { type: '{/kind}.{header:x-verb}', id: '/no', entityId: ['/missing', '/ref'] } }
    const request = { headers: { 'x-verb': 'made' }, body: '{"kind":"order","no":5,"ref":"r"}' }
    const [one] = await eventsOf('generic-hmac', request, { config })
    expect(one).toMatchObject({ dedupeKey: 'id:5', event: { head: { type: 'order.made', entityId: 'r' } } })
  })

  it.each([
    ['1760000000', 1_760_000_000_000],
    ['1760000000000', 1_760_000_000_000],
    ['1760000000.5', 1_760_000_000_500],
    ['"2025-10-09T08:53:20Z"', 1_760_000_000_000],
    ['"soon"', undefined],
  ])('occurred at %s', async (created, at) => {
    const [one] = await eventsOf('stripe', { body: `{"created":${created}}` })
    expect(one?.event.head.occurredAt).toBe(at)
  })
})

describe('what is refused', () => {
  const refusal = async (request: Request): Promise<string> => {
    try {
      await eventsOf('stripe', request)
      return 'accepted'
    } catch (error) {
      return (error as Error).message
    }
  }

  it('JSON that is nested to hurt its reader', async () => {
    expect(await refusal({ body: '['.repeat(101) + ']'.repeat(101) })).toBe('body_hostile')
    expect(await refusal({ body: `{"a":"${'['.repeat(500)}"}` })).toBe('accepted')
  })

  it('XML that declares entities', async () => {
    const body = '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'
    expect(await refusal({ headers: { 'content-type': 'text/xml' }, body })).toBe('body_hostile')
  })

  it('XML that is nested to hurt its reader', async () => {
    expect(await refusal({ body: '<a>'.repeat(5000) })).toBe('body_hostile')
  })

  it('headers larger than any body they come with', async () => {
    expect(await refusal({ headers: { 'x-long': 'a'.repeat(65_537) } })).toBe('headers_too_large')
  })
})

describe('a batch', () => {
  it('becomes batches of one, written as the sender wrote them', async () => {
    const body = '{ "destination": "d", "events" : [ {"type":"a","n":1.0}, {"type":"b\\u005d,"} ], "z":1 }'
    expect(bodies(await eventsOf('line', { body }))).toEqual([
      '{ "destination": "d", "events" : [ {"type":"a","n":1.0} ], "z":1 }',
      '{ "destination": "d", "events" : [ {"type":"b\\u005d,"} ], "z":1 }',
    ])
  })

  it('of one stays byte for byte what it was', async () => {
    const body = '[ {"event":"open","sg_event_id":"1"} ]\r\n'
    expect(bodies(await eventsOf('sendgrid', { body }))).toEqual([body])
  })

  it('gives each event its own id, and an id of the whole request with the place in it', async () => {
    const sendgrid = await eventsOf('sendgrid', { body: '[{"sg_event_id":"1"},{"sg_event_id":"2"}]' })
    expect(sendgrid.map(({ dedupeKey }) => dedupeKey)).toEqual(['id:1', 'id:2'])
    const attio = await eventsOf('attio', {
      headers: { 'idempotency-key': 'k' },
      body: '{"events":[{"event_type":"a"},{"event_type":"b"}]}',
    })
    expect(attio.map(({ dedupeKey }) => dedupeKey)).toEqual(['id:k#0', 'id:k#1'])
  })

  it('of SOAP notifications becomes envelopes of one', async () => {
    const item = (id: string): string =>
      `<Notification><Id>${id}</Id><sObject xsi:type="sf:Lead"><sf:Id>00${id}</sf:Id></sObject></Notification>`
    const envelope = (items: string): string =>
      `<?xml version="1.0"?><soapenv:Envelope><soapenv:Body><notifications>${items}</notifications></soapenv:Body></soapenv:Envelope>`
    const events = await eventsOf('salesforce-outbound', { body: envelope(item('1') + item('2')) })
    expect(bodies(events)).toEqual([envelope(item('1')), envelope(item('2'))])
    expect(facts(events)).toEqual([
      ['Lead', '001'],
      ['Lead', '002'],
    ])
  })

  it('in lines of JSON becomes one event a line', async () => {
    const events = await eventsOf('auth0', { body: '{"log_id":"1"}\n\n{"log_id":"2"}' })
    expect(bodies(events)).toEqual(['{"log_id":"1"}\n', '{"log_id":"2"}'])
    expect(events.map(({ dedupeKey }) => dedupeKey)).toEqual(['id:1', 'id:2'])
  })

  it('in a form field becomes forms of one', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = `mandrill_events=${encodeURIComponent('[{"event":"open"},{"event":"click"}]')}`
    expect(bodies(await eventsOf('mandrill', { headers, body }))).toEqual([
      'mandrill_events=%5B%7B%22event%22%3A%22open%22%7D%5D',
      'mandrill_events=%5B%7B%22event%22%3A%22click%22%7D%5D',
    ])
  })

  it('stays whole when its source says so, when empty, and when it is too large to take apart', async () => {
    const two = '[{"event":"a"},{"event":"b"}]'
    expect(bodies(await eventsOf('sendgrid', { body: two }, { config: { batch: 'whole' } }))).toEqual([two])
    expect(bodies(await eventsOf('asana', { body: '{"events":[]}' }))).toEqual(['{"events":[]}'])
    const many = JSON.stringify(Array.from({ length: 1001 }, (_, n) => ({ n })))
    expect(bodies(await eventsOf('sendgrid', { body: many }))).toEqual([many])
  })
})

describe('repeats are known', () => {
  const keyOf = async (settings: Parameters<typeof sourceOf>[2], request: Request) => {
    const [one] = await eventsOf('generic-hmac', request, settings)
    return [one?.dedupeKey, one?.dedupeWindowSeconds]
  }

  it('by content for five minutes when there is no id', async () => {
    const [key, window] = await keyOf({}, { body: '{"a":1}' })
    expect(key).toMatch(/^content:[0-9a-f]{64}$/)
    expect(window).toBe(300)
    expect(await keyOf({}, { body: '{"a":2}' })).not.toEqual([key, window])
  })

  it.each([
    [{ by: 'none' }, [null, 86_400]],
    [{ by: 'header:X-Id', windowSeconds: 60 }, ['header:h1', 60]],
    [{ by: 'body:/a/b' }, ['body:c', 86_400]],
  ])('by %o', async (dedupe, expected) => {
    expect(await keyOf({ dedupe }, { headers: { 'x-id': 'h1' }, body: '{"a":{"b":"c"}}' })).toEqual(expected)
  })

  it('by ids of any length, to their last character', async () => {
    const keys = await Promise.all(
      ['a', 'b'].map((end) => eventsOf('stripe', { body: `{"id":"${'x'.repeat(500)}${end}"}` })),
    )
    const [a, b] = keys.map(([one]) => one?.dedupeKey)
    expect(a).toHaveLength('id:'.length + 200)
    expect(a).not.toBe(b)
  })

  it('by content for the whole window when the source asks for that', async () => {
    expect((await keyOf({ dedupe: { by: 'content' } }, { body: 'x' }))[1]).toBe(86_400)
  })
})

describe('what is kept', () => {
  it('has the ordering key of the source', async () => {
    const request = { headers: { 'x-key': 'h' }, body: '{"customer":{"id":9}}' }
    const byBody = await eventsOf('stripe', request, { orderingKey: '/customer/id' })
    const byHeader = await eventsOf('stripe', request, { orderingKey: 'header:X-Key' })
    expect([byBody[0]?.event.head.orderingKey, byHeader[0]?.event.head.orderingKey]).toEqual(['9', 'h'])
  })

  it('has no secret of the source in it', async () => {
    const [gitlab] = await eventsOf('gitlab', {
      headers: { 'x-gitlab-token': 's', 'x-gitlab-event': 'Push Hook' },
    })
    expect(gitlab?.event.head.headers).toEqual([['x-gitlab-event', 'Push Hook']])
    const [hunter] = await eventsOf('hunter', {}, { path: '/lead?a=1&secret=s&b=2' })
    expect(hunter?.event.head.path).toBe('/lead?a=1&b=2')
  })
})
