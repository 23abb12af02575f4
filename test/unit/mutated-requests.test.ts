import { expect, it, vi } from 'vitest'
import { makeDoor } from '../../src/ingest/door.ts'
import type { IngestDeps } from '../../src/ingest/ingest.ts'
import { rejectionRow } from '../../src/ingest/rejections.ts'
import { decodeEvent } from '../../src/model/event.ts'
import { newId, type SourceId } from '../../src/model/id.ts'
import { take } from '../../src/model/rate-limit.ts'
import type { Source } from '../../src/model/source.ts'
import { noKeys } from '../../src/providers/scheme/keys.ts'
import { vectorFiles, type Vector } from '../case/provider.case.ts'
import { Mutator, type Draft } from '../support/mutation.ts'

/** `npm run test:mutations` is the whole run, of 100,000; a part of it comes with every test. */
const COUNT = Number(process.env['HOOKWAY_MUTATIONS'] ?? 5_000)
const SEED = 20_261_122
/** Most take under a millisecond; a machine under load may stall, a parser that backtracks does not come back. */
const SLOW_MS = 5_000
const ORIGIN = 'https://gateway.example.test'

const vectors = [...vectorFiles('golden'), ...vectorFiles('derived')].flatMap((file) => file.vectors)

/** The door over memory: what it kept is what a deployed one would store and log. */
function openDoor() {
  const sources = new Map<SourceId, Source>()
  const kept = { events: [] as string[], rows: [] as string[] }
  const deps: IngestDeps = {
    clock: { now: () => 1_760_000_000_000, random: () => 0.5 },
    keys: noKeys,
    hasTestClock: true,
    findSource: async (id) => sources.get(id),
    refreshSource: async () => undefined,
    keepSecret: async () => {},
    visit: () => {},
    replyTo: async () => ({ kind: 'answered', status: 200, headers: [], body: new Uint8Array(0) }),
    take: async (_, __, limit) => take(limit, 0, 1_760_000_000_000).verdict,
    putBody: async () => {},
    append: async (_, __, items) =>
      items.map(({ id, record }) => {
        kept.events.push(JSON.stringify(decodeEvent(record).head.headers))
        return { id, duplicate: false }
      }),
    reject: (_, row) => void kept.rows.push(JSON.stringify(row())),
  }
  const door = makeDoor(() => deps, deps.clock)
  return { door, sources, kept }
}

it(
  `answers ${COUNT} mutated requests without an error of its own, a stall or a secret in what it keeps`,
  { timeout: 600_000 },
  async () => {
    const lines: string[] = []
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation((...args) => void lines.push(JSON.stringify(args))),
    )
    const mutator = new Mutator(SEED)
    const { door, sources, kept } = openDoor()
    const statuses = new Map<number, number>()
    const bad: unknown[] = []
    for (let number = 0; number < COUNT;) {
      const vector = mutator.pick(vectors)
      const source = sourceFor(vector, mutator)
      sources.clear()
      sources.set(source.id, source)
      const draft = mutator.mutate(draftOf(vector), source.secrets)
      const request = requestOf(draft, source, vector.now)
      if (request === undefined) continue
      number++
      const begin = performance.now()
      const response = await door.fetch(request)
      const answer = await response.text()
      const ms = performance.now() - begin
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      const isSlow = ms > SLOW_MS
      const leak = leakOf(source, [...(response.ok ? [] : [answer]), ...kept.rows, ...kept.events, ...lines])
      if (response.status >= 500 || isSlow || leak) bad.push({ number, ...shown(draft), answer, ms, leak })
      kept.rows.length = kept.events.length = lines.length = 0
    }
    for (const spy of spies) spy.mockRestore()
    expect(bad.slice(0, 5)).toEqual([])
    // A run in which nothing got through, or nothing was refused, would show nothing.
    for (const status of [200, 400, 401, 405]) expect(statuses.get(status)).toBeGreaterThan(COUNT / 1_000)
  },
)

function sourceFor({ source }: Vector, mutator: Mutator): Source {
  const verification = mutator.pick(['required', 'required', 'optional', 'off'] as const)
  const templated = {
    mode: mutator.pick(['immediate', 'sync'] as const),
    endpointId: null,
    timeoutMs: 1_000,
    status: 200,
    contentType: 'application/json',
    headers: { 'X-Seen': '{{body./id}}' },
    body: '{"a":"{{body./type}}","b":"{{id}}"}',
  }
  const jsonSchema = { type: 'object', properties: { id: { type: 'string', maxLength: 20 } } }
  return {
    ...source,
    settings: {
      ...source.settings,
      verification,
      response: mutator.below(4) === 0 ? templated : null,
      schema: mutator.below(8) === 0 ? { mode: mutator.pick(['reject', 'warn'] as const), jsonSchema } : null,
      rateLimit: mutator.below(8) === 0 ? { limit: 2, periodSeconds: 60 } : null,
      orderingKey: mutator.pick([null, '/id', 'header:x-id']),
      dedupe: {
        by: mutator.pick(['auto', 'content', 'header:x-id', 'body:/a/b', 'none']),
        windowSeconds: 60,
      },
    },
  }
}

function draftOf({ request }: Vector): Draft {
  const { method, url, headers, body } = request
  return { method, path: url.replace(/^[^?]*/, ''), headers: headers.map(([a, b]) => [a, b]), body }
}

/** Undefined for what no HTTP server hands on: a header or a method that is none. */
function requestOf(draft: Draft, source: Source, now: number): Request | undefined {
  const { method, path, headers, body } = draft
  try {
    const sent = new Headers({ 'hookway-test-now': String(now / 1000) })
    for (const [name, value] of headers) sent.append(name, Buffer.from(value).toString('latin1'))
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const url = `${ORIGIN}/in/${source.id}${path}`
    return new Request(url, { method, headers: sent, ...(hasBody && { body: new Uint8Array(body) }) })
  } catch {
    return undefined
  }
}

function shown({ body, ...draft }: Draft) {
  return { ...draft, body: Buffer.from(body).toString('latin1') }
}

/** Short secrets occur by chance. Bodies are not looked into, nor their echoes: what a sender puts there is the event. */
function leakOf({ secrets }: Source, texts: readonly string[]): string | undefined {
  const long = secrets.filter((secret) => secret.length >= 12)
  return texts.find((text) => long.some((secret) => text.includes(JSON.stringify(secret).slice(1, -1))))
}

it('the watch for secrets sees one', () => {
  const [vector] = vectors
  if (vector === undefined) throw new Error('no vector')
  const { source, request } = vector
  const reason = 'wrong_secret'
  const row = rejectionRow({ source, request, reason, detail: 'none', ip: null, country: null })
  expect(leakOf(source, [JSON.stringify(row)])).toBeUndefined()
  expect(leakOf({ ...source, secrets: [newId('evt', 0)] }, [newId('evt', 0)])).toBeUndefined()
  const secret = 'long enough to be one'
  expect(leakOf({ ...source, secrets: [secret] }, [`x ${secret} y`])).toBeDefined()
})
