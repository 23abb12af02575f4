import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Relay, type Accepted } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

describe.concurrent('a source with a limit', () => {
  const rateLimit = { limit: 3, periodSeconds: 3600 }

  it('takes so many and says when the next may come', async () => {
    const source = await relay.source({ rateLimit })
    const answers = []
    for (let i = 0; i < 4; i++) answers.push(await relay.post(source, `{"number":${i}}`))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    const [first, , , last] = answers
    expect(first?.headers.get('ratelimit-policy')).toBe('"source";q=3;w=3600')
    expect(first?.headers.get('ratelimit')).toMatch(/^"source";r=2;t=1(200|199)$/)
    expect(last?.headers.get('ratelimit')).toMatch(/^"source";r=0;t=1\d\d\d$/)
    expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(1100)
    expect(await last?.json()).toMatchObject({ code: 'rate_limited', status: 429 })
  })

  it('counts exactly when many come at once, and counts no stranger', async () => {
    const source = await relay.source({ rateLimit })
    const strangers = await Promise.all(
      Array.from({ length: 10 }, () => relay.post(source, '{}', { secret: 'not the secret' })),
    )
    expect(new Set(strangers.map(({ status }) => status))).toEqual(new Set([401]))
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, number) => relay.post(source, `{"number":${number}}`)),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3)
  })

  it('has no such headers when it has no limit', async () => {
    const { headers } = await relay.post(await relay.source(), '{}')
    expect([headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([null, null])
  })
})

describe.concurrent('a source with a schema', () => {
  const jsonSchema = {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'string' }, count: { type: 'integer' } },
  }

  it('refuses what does not fit, says where, and its owner finds it', async () => {
    const source = await relay.source({ schema: { mode: 'reject', jsonSchema } })
    expect((await relay.post(source, '{"id":"a","count":1}')).status).toBe(200)
    const refused = await relay.post(source, '{"id":"a","count":"many"}')
    expect(refused.status).toBe(422)
    expect(await refused.json()).toMatchObject({
      code: 'schema_mismatch',
      errors: [{ path: 'count', message: expect.stringContaining('integer') }],
    })
    expect((await relay.post(source, 'not json')).status).toBe(422)
    const rejections = await eventually(
      async () => {
        const { data } = await relay.call<{ data: object[] }>('GET', `/rejections?sourceId=${source.id}`)
        return data.length === 2 ? data : undefined
      },
      { withinMs: 15_000, what: () => 'the rejections are not in the log' },
    )
    expect(rejections).toContainEqual(
      expect.objectContaining({ reason: 'schema_mismatch', detail: expect.stringContaining('count') }),
    )
  })

  it('that only warns takes everything and marks what does not fit', async () => {
    const source = await relay.source({ schema: { mode: 'warn', jsonSchema } })
    const { id } = await relay.send(source, '{"count":1}')
    const shown = () => relay.call('GET', `/events/${id}`).catch(() => undefined)
    const event = await eventually(shown, { withinMs: 15_000, what: () => 'the event is not in the log' })
    expect(event).toMatchObject({ metadata: { schemaErrors: [{ message: expect.stringContaining('id') }] } })
  })

  it('is not made when the schema itself is wrong', async () => {
    const wrong = { type: 'object', properties: { a: { $ref: '#/$defs/none' } } }
    await expect(relay.source({ schema: { mode: 'warn', jsonSchema: wrong } })).rejects.toThrow(
      'schema.jsonSchema',
    )
  })
})

describe.concurrent("an owner's answer", () => {
  it('is filled with the event, and a repeat is answered like the first', async () => {
    const source = await relay.source({
      response: {
        status: 201,
        body: '{"event":"{{id}}","kind":"{{type}}","echo":"{{body./a/b}}","none":"{{ body./x }}"}',
        headers: { 'X-Event': '{{id}} of {{body./a/b}}' },
      },
    })
    const body = '{"a":{"b":"\\"quoted\\"\\r\\nX-Evil: 1"}}'
    const first = await relay.post(source, body)
    const answer = (await first.json()) as Record<string, string>
    expect(first.status).toBe(201)
    expect(answer).toEqual({
      event: expect.stringMatching(/^evt_/),
      kind: 'push',
      echo: '"quoted"\r\nX-Evil: 1',
      none: '',
    })
    expect(first.headers.get('x-event')).toBe(`${answer['event']} of "quoted"X-Evil: 1`)
    expect(first.headers.get('x-evil')).toBeNull()
    expect(await (await relay.post(source, body)).json()).toEqual(answer)
  })

  it('in HTML never carries markup of the sender', async () => {
    const source = await relay.source({ response: { contentType: 'text/html', body: '<p>{{body./a}}</p>' } })
    expect(await (await relay.post(source, '{"a":"<script>"}')).text()).toBe('<p>&#60;script&#62;</p>')
  })

  it.each([204, 205])('with the status %d has no body', async (status) => {
    const response = await relay.post(await relay.source({ response: { status, body: 'none' } }), '{}')
    expect([response.status, await response.text()]).toEqual([status, ''])
  })

  it('cannot have headers that no server may send', async () => {
    for (const headers of [{ 'X-A': 'é☃' }, { 'X-A': 'a\nX-B: b' }, { 'Content-Length': '5' }]) {
      await expect(relay.source({ response: { headers } })).rejects.toThrow('400')
    }
  })
})

describe.concurrent('a rule for duplicates', () => {
  const isRepeat = async (source: { id: string }, body: string, headers: Record<string, string> = {}) =>
    ((await (await relay.post(source, body, { headers })).json()) as Accepted).duplicate

  it('by a header knows a repeat by that header only', async () => {
    const source = await relay.source({ dedupe: { by: 'header:x-attempt-of' } })
    expect(await isRepeat(source, '{"a":1}', { 'x-attempt-of': '1' })).toBe(false)
    expect(await isRepeat(source, '{"a":2}', { 'x-attempt-of': '1' })).toBe(true)
    expect(await isRepeat(source, '{"a":2}', { 'x-attempt-of': '2' })).toBe(false)
  })

  it('by a field of the body knows a repeat by that field only', async () => {
    const source = await relay.source({ dedupe: { by: 'body:/order/id' } })
    expect(await isRepeat(source, '{"order":{"id":1},"try":1}')).toBe(false)
    expect(await isRepeat(source, '{"order":{"id":1},"try":2}')).toBe(true)
  })

  it('by content disregards the id of the provider', async () => {
    const source = await relay.source({ dedupe: { by: 'content' } })
    expect(await isRepeat(source, '{}', { 'x-github-delivery': '1' })).toBe(false)
    expect(await isRepeat(source, '{}', { 'x-github-delivery': '2' })).toBe(true)
  })
})
