import { describe, expect, it } from 'vitest'
import type { AttemptDeps } from '../../src/deliver/attempt.ts'
import { probe } from '../../src/deliver/probe.ts'
import { text, type Bytes } from '../../src/model/bytes.ts'
import { endpointSettingsSchema } from '../../src/model/endpoint.ts'
import { diagnose, type ProbeRequest } from '../../src/model/probe.ts'
import { err, ok } from '../../src/model/result.ts'

const URL_GIVEN = 'https://receiver.example/hook'

/** A receiver that answers at once, and a clock that moves when somebody waits for it. */
class World {
  now = 1_000_000
  readonly got: { at: number; method: string | undefined; body: string }[] = []
  answer: (count: number) => Response = () => new Response('ok')
  isPrivate = false

  readonly deps: AttemptDeps = {
    clock: { now: () => this.now, random: () => 0.5 },
    after: (ms, callback) => {
      let isCancelled = false
      // A deadline is taken back before its turn comes; a pause is not.
      setImmediate(() =>
        setImmediate(() => {
          if (isCancelled) return
          this.now = Math.max(this.now, this.now + ms)
          callback()
        }),
      )
      return () => {
        isCancelled = true
      }
    },
    fetch: async (_, { method, body }) => {
      this.got.push({ at: this.now, method, body: body ? text(body as Bytes) : '' })
      return this.answer(this.got.length)
    },
    checkTarget: async (url) =>
      this.isPrivate
        ? err({ reason: 'private_address', detail: 'The address is private.' })
        : ok(new URL(url)),
    readBody: async () => undefined,
    tokens: { get: async () => ok('token') } as unknown as AttemptDeps['tokens'],
  }

  probe(request: Partial<ProbeRequest>) {
    const settings = endpointSettingsSchema.parse({ url: URL_GIVEN })
    const whole = {
      kind: 'single',
      count: 5,
      ratePerSecond: 20,
      type: 'a.b',
      data: { n: 1 },
      ...request,
    } as const
    return probe({ tenantId: 'default', settings, secrets: [], request: whole }, this.deps)
  }
}

describe('a test of an endpoint', () => {
  it('sends one event and says what came back', async () => {
    const world = new World()
    const probed = await world.probe({})
    expect(world.got.map(({ method, body }) => [method, JSON.parse(body)])).toEqual([
      ['POST', expect.objectContaining({ type: 'a.b', data: { n: 1 } })],
    ])
    expect(probed).toEqual([
      {
        number: 1,
        record: expect.objectContaining({ result: 'delivered', statusCode: 200, responseBody: 'ok' }),
      },
    ])
  })

  it('sends a burst no faster than asked, and each of its events', async () => {
    const world = new World()
    world.answer = (count) => new Response('', { status: count % 2 ? 200 : 500 })
    const probed = await world.probe({ kind: 'burst', count: 20, ratePerSecond: 10 })
    expect(probed.map(({ number }) => number)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    expect(probed.filter(({ record }) => record.result === 'server_error')).toHaveLength(10)
    expect((world.got.at(-1)?.at ?? 0) - (world.got[0]?.at ?? 0)).toBeGreaterThanOrEqual(1_900)
  })

  it('asks whether anybody is there without sending an event', async () => {
    const world = new World()
    world.answer = () => new Response(null, { status: 405 })
    expect(await world.probe({ kind: 'reachability' })).toMatchObject([
      { record: { result: 'delivered', statusCode: 405 } },
    ])
    expect(world.got).toMatchObject([{ method: 'HEAD', body: '' }])
  })

  it.each(['single', 'reachability'] as const)('keeps to the guard (%s)', async (kind) => {
    const world = new World()
    world.isPrivate = true
    expect(await world.probe({ kind })).toMatchObject([{ record: { result: 'private_address' } }])
    expect(world.got).toEqual([])
  })
})

describe('a diagnosis', () => {
  const record = { durationMs: 1 }
  it.each([
    [{ result: 'timeout', error: 'No answer within 5 ms.' }, 'timeout', 'too slow'],
    [{ result: 'dns', error: 'x' }, 'dns', 'resolved'],
    [{ result: 'tls', error: 'x' }, 'tls', 'certificate'],
    [{ result: 'connection', error: 'x' }, 'connection', 'nothing listens'],
    [{ result: 'client_error', statusCode: 401 }, 'status_401', 'credentials'],
    [{ result: 'server_error', statusCode: 599 }, 'server_error', '599'],
    [{ result: 'redirect', statusCode: 301 }, 'redirect', 'redirects to'],
  ])('of %j is %s', (given, code, part) => {
    expect(diagnose({ ...record, ...given })).toEqual({ code, message: expect.stringContaining(part) })
  })

  it('is not needed when all is well', () => {
    expect(diagnose({ ...record, result: 'delivered', statusCode: 200 })).toBeUndefined()
  })
})
