import { describe, expect, it } from 'vitest'
import { text, utf8 } from '../../src/model/bytes.ts'
import type { Event } from '../../src/model/event.ts'
import { transformSchema } from '../../src/model/transform.ts'
import { makeRemoteScriptRunner } from '../../src/route/remote-script.ts'
import { compileTransform, showEvent, type Transformed } from '../../src/route/transform.ts'
import { Unavailable, type TransformDeps } from '../../src/route/transform-deps.ts'

const BODY = {
  data: { person: { first: 'John', mail: 'j@x.example', tags: ['a', 'b'] }, score: 95 },
  secret: 1,
}

function eventOf(body: unknown = BODY): Event {
  const bytes = utf8(JSON.stringify(body))
  return {
    head: {
      id: 'evt_1',
      tenantId: 'ten_1',
      sourceId: 'src_1',
      type: 'person.found',
      receivedAt: Date.UTC(2026, 0, 19),
      method: 'POST',
      path: '/hook?page=2',
      headers: [['x-kind', 'person']],
      contentType: 'application/json',
      metadata: { country: 'DE', provider: 'github' },
      bodyBytes: bytes.byteLength,
    },
    body: bytes,
  }
}

const deps: TransformDeps = {
  runScript: async () => ({}),
  lookup: async (_, table, key) => (table === 'owners' && key === 'DE' ? { team: 'dach' } : undefined),
  fetchJson: async ({ url }) => {
    if (url.includes('down')) throw new Error('the answer was 500')
    return { url }
  },
}

async function run(
  steps: unknown[],
  event = eventOf(),
  more: Partial<TransformDeps> = {},
): Promise<Transformed> {
  const compiled = compileTransform(transformSchema.parse({ steps }), 3)
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error))
  return compiled.value.run(event, { ...deps, ...more })
}

async function bodyAfter(...steps: unknown[]): Promise<unknown> {
  const made = await run(steps)
  if (made.kind !== 'event') throw new Error(JSON.stringify(made))
  return showEvent(made.event)['body']
}

const refusals = (...steps: unknown[]) => {
  const compiled = compileTransform(transformSchema.parse({ steps }), 1)
  return compiled.ok ? [] : compiled.error.map(({ path }) => path)
}

describe('a step', () => {
  it('keeps the fields it is told, each at its place', async () => {
    const fields = ['data.person.mail', 'body.data.score']
    expect(await bodyAfter({ kind: 'select', fields })).toEqual({
      data: { person: { mail: 'j@x.example' }, score: 95 },
    })
  })

  it('sets constants, and what it is told of the request', async () => {
    const values = { 'data.region': '{{ geo.country | downcase }}', version: 2 }
    expect(await bodyAfter({ kind: 'select', fields: ['data.score'] }, { kind: 'set', values })).toEqual({
      data: { score: 95, region: 'de' },
      version: 2,
    })
  })

  it('renders a Liquid template as JSON or as text', async () => {
    const body = '{"name": {{ body.data.person.first | json }}, "page": "{{ query.page }}"}'
    expect(await bodyAfter({ kind: 'liquid', body })).toEqual({ name: 'John', page: '2' })
    const made = await run([
      { kind: 'liquid', body: 'Hello {{ body.data.person.first }}', contentType: 'text/plain' },
    ])
    expect(made).toMatchObject({ kind: 'event', event: { head: { contentType: 'text/plain' } } })
    expect(made.kind === 'event' && text(made.event.body)).toBe('Hello John')
  })

  it('maps with JSONata', async () => {
    const expression =
      '{ "n": data.person.first, "t": data.person.tags[0], "of": $event.type, "up": $uppercase("x") }'
    expect(await bodyAfter({ kind: 'jsonata', expression })).toEqual({
      n: 'John',
      t: 'a',
      of: 'person.found',
      up: 'X',
    })
  })

  it('looks a value up in a table', async () => {
    const lookup = { kind: 'lookup', table: 'owners', key: 'geo.country', into: 'owner' }
    expect(await bodyAfter(lookup)).toEqual({ ...BODY, owner: { team: 'dach' } })
    expect(await bodyAfter({ ...lookup, key: 'data.score', default: null })).toEqual({ ...BODY, owner: null })
    expect(await bodyAfter({ ...lookup, key: 'data.score' })).toEqual(BODY)
  })

  it('asks a service, and waits or goes on when it does not answer', async () => {
    const url = 'https://api.example/{{ body.data.score }}'
    expect(await bodyAfter({ kind: 'fetch', url, into: 'found' })).toEqual({
      ...BODY,
      found: { url: 'https://api.example/95' },
    })
    const down = { kind: 'fetch', url: 'https://down.example/', into: 'found' }
    expect(await run([down])).toMatchObject({ kind: 'later', error: 'step 1: fetch: the answer was 500' })
    expect(await bodyAfter({ ...down, onError: 'skip' })).toEqual(BODY)
  })

  it('changes the request around the body, which stays byte for byte', async () => {
    const event = eventOf()
    const made = await run(
      [
        {
          kind: 'request',
          method: 'PUT',
          path: '/people/{{ body.data.score }}?from={{ query.page }}',
          type: 'contact.{{ headers.x-kind }}',
          headers: { 'X-Score': '{{ body.data.score }}', 'x-kind': null },
        },
      ],
      event,
    )
    expect(made).toMatchObject({
      kind: 'event',
      event: {
        body: event.body,
        head: {
          type: 'contact.person',
          made: {
            version: 3,
            hasBody: false,
            method: 'PUT',
            path: '/people/95?from=2',
            headers: [
              ['x-score', '95'],
              ['x-kind', null],
            ],
            from: { type: 'person.found' },
          },
        },
      },
    })
  })

  it('drops the event, by a condition or by answering null', async () => {
    expect(await run([{ kind: 'drop', when: { 'data.score': { $gt: 90 } } }])).toEqual({
      kind: 'dropped',
      step: 0,
    })
    expect(await run([{ kind: 'drop', when: { 'data.score': { $gt: 99 } } }])).toMatchObject({
      kind: 'event',
    })
    const expression = 'data.score > 90 ? null : { "body": 1 }'
    expect(await run([{ kind: 'jsonata', expression, result: 'event' }])).toEqual({
      kind: 'dropped',
      step: 0,
    })
    const script = { kind: 'javascript', code: 'export default () => null' }
    expect(await run([script], eventOf(), { runScript: async () => null })).toMatchObject({ kind: 'dropped' })
  })

  it('changes everything at once with a script', async () => {
    const result = {
      body: { a: 1 },
      type: 'x.y',
      method: 'DELETE',
      path: '/a',
      headers: { 'x-a': 1, 'x-kind': null },
    }
    const made = await run([{ kind: 'javascript', code: 'x' }], eventOf(), { runScript: async () => result })
    expect(made.kind === 'event' && showEvent(made.event)).toEqual({
      ...result,
      headers: { 'x-a': '1', 'x-kind': null },
      contentType: 'application/json',
    })
  })
})

describe('where a part of ours does not answer the hand-over fails, and the rule is not at fault', () => {
  const overloaded = () => Promise.reject(new Error('D1 is overloaded'))
  const script = { kind: 'javascript', code: 'x' }
  const runScript = (answer: () => Promise<Response>) => makeRemoteScriptRunner(answer)

  it.each<[string, object, Partial<TransformDeps>]>([
    [
      'a lookup',
      { kind: 'lookup', table: 'owners', key: 'geo.country', into: 'owner' },
      { lookup: overloaded },
    ],
    ['a script whose runner is gone', script, { runScript: runScript(overloaded) }],
    [
      'a script whose runner does not start',
      script,
      { runScript: runScript(async () => new Response('it did not start', { status: 500 })) },
    ],
  ])('%s', async (_, step, more) => {
    await expect(run([step], eventOf(), more)).rejects.toThrow(Unavailable)
  })

  it('but a script that fails itself is', async () => {
    const failing = runScript(async () => Response.json({ error: 'x is not defined' }))
    expect(await run([script], eventOf(), { runScript: failing })).toEqual({
      kind: 'failed',
      error: 'step 1: javascript: x is not defined',
    })
  })
})

describe('a result that is garbage fails and harms nothing', () => {
  it.each([
    ['a text', '"text"'],
    ['a key that is not known', '{"bdy": 1}'],
    ['a type that is none', '{"type": "a b"}'],
    ['a method that is none', '{"method": "TRACE"}'],
    ['a path to another host', '{"path": "//evil.example/"}'],
    ['a path that climbs', '{"path": "/a/../../b"}'],
    ['a path that climbs in disguise', '{"path": "/a/%2e%2E/b"}'],
    ['a header of ours', '{"headers": {"Webhook-Id": "x"}}'],
    ['a header with a line break', '{"headers": {"x-a": "b\\r\\nc: d"}}'],
    ['headers that are none', '{"headers": ["a"]}'],
  ])('%s', async (_, json) => {
    const runScript = async () => JSON.parse(json) as unknown
    expect(await run([{ kind: 'javascript', code: 'x' }], eventOf(), { runScript })).toMatchObject({
      kind: 'failed',
    })
  })

  it('a template that renders no JSON', async () => {
    expect(await run([{ kind: 'liquid', body: '{ {{ body.none }}' }])).toMatchObject({ kind: 'failed' })
  })

  it('an expression that gives nothing', async () => {
    expect(await run([{ kind: 'jsonata', expression: 'missing' }])).toMatchObject({ kind: 'failed' })
  })

  it('a body that is too large', async () => {
    const runScript = async () => ({ body: 'x'.repeat(300_000) })
    expect(await run([{ kind: 'javascript', code: 'x' }], eventOf(), { runScript })).toMatchObject({
      kind: 'failed',
    })
  })
})

describe('what would never end', () => {
  it.each([
    ['liquid', '{% for i in (1..1000000000) %}{% endfor %}'],
    [
      'liquid',
      '{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}x{% endfor %}{% endfor %}{% endfor %}',
    ],
    [
      'liquid',
      '{% assign s = "xxxxxxxxxx" %}{% for i in (1..100) %}{% assign s = s | append: s %}{% endfor %}',
    ],
    ['liquid', '{% for i in (1..100) %}{% capture s %}{{ s }}{{ s }}xx{% endcapture %}{% endfor %}"{{ s }}"'],
    ['jsonata', '($f := function($n) { $f($n + 1) }; $f(0))'],
    ['jsonata', '($f := function($n) { $n > 1e9 ? 0 : ($f($n + 1); $f($n + 2)) }; $f(0))'],
    [
      'jsonata',
      '$reduce($map($split($pad("", 200), ""), function($x) { "xxxxxxxxxx" }), function($a, $b) { $a & $a })',
    ],
    ['jsonata', '$pad("", 1000000000)'],
  ])('ends: %s %s', async (kind, source) => {
    const step =
      kind === 'liquid' ? { kind, body: source, contentType: 'text/plain' } : { kind, expression: source }
    const begin = performance.now()
    expect(await run([step])).toMatchObject({ kind: 'failed' })
    expect(performance.now() - begin).toBeLessThan(3_000)
  })
})

describe('what is refused when it is saved', () => {
  it.each([
    [{ kind: 'liquid', body: '{% for %}' }, ['transform.steps.0.body']],
    [{ kind: 'liquid', body: '{{ a | nofilter }}' }, ['transform.steps.0.body']],
    [{ kind: 'jsonata', expression: '{ "a": ' }, ['transform.steps.0.expression']],
    [{ kind: 'jsonata', expression: '$eval("1")' }, ['transform.steps.0.expression']],
    [{ kind: 'jsonata', expression: '[1..10]' }, ['transform.steps.0.expression']],
    [{ kind: 'jsonata', expression: '$match(a, /(a+)+$/)' }, ['transform.steps.0.expression']],
    [{ kind: 'select', fields: ['a', 'b..c'] }, ['transform.steps.0.fields.1']],
    [{ kind: 'set', values: { 'a..b': 1 } }, ['transform.steps.0.values.a..b']],
    [{ kind: 'drop', when: { a: { $foo: 1 } } }, ['transform.steps.0.when.a.$foo']],
  ])('%j', (step, expected) => expect(refusals(step)).toEqual(expected))
})
