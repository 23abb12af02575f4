import { beforeAll, expect, it } from 'vitest'
import type { Probed, ProbeRequest } from '../../src/model/probe.ts'
import { at, makeWorld, problem, type World } from './api-world.ts'

let world: World
let path: string
let asked: ProbeRequest | undefined
let probed: Probed[]
beforeAll(async () => {
  world = await makeWorld({
    probe: async (_, request) => {
      asked = request
      return probed
    },
  })
  const made = await world.call('POST', '/v1/endpoints', { url: 'https://receiver.example/' })
  path = `/v1/endpoints/${made.body.id}/tests`
})

it('a test says what came back, how long it took, and what is wrong', async () => {
  probed = Array.from({ length: 10 }, (_, index) => {
    const durationMs = (index + 1) * 10
    const record =
      index < 7
        ? { result: 'delivered', statusCode: 200, durationMs, responseBody: 'ok' }
        : { result: 'timeout', error: 'No answer.', durationMs }
    return { number: index + 1, record }
  })
  const reply = await world.call('POST', path, { kind: 'burst', count: 10, ratePerSecond: 2, data: [1] })
  expect(asked).toEqual({ kind: 'burst', count: 10, ratePerSecond: 2, type: 'hookway.test', data: [1] })
  expect(reply).toMatchObject({
    status: 200,
    body: {
      kind: 'burst',
      ok: false,
      sent: 10,
      delivered: 7,
      latency: { min: 10, p50: 40, p90: 70, p99: 70, max: 70 },
      diagnoses: [{ code: 'timeout', count: 3, message: expect.stringContaining('too slow') }],
    },
  })
  expect(reply.body['attempts']).toHaveLength(10)
})

it('a test is bounded', async () => {
  for (const [field, value] of [
    ['count', 51],
    ['ratePerSecond', 21],
  ] as const) {
    const reply = await world.call('POST', path, { kind: 'burst', [field]: value })
    expect(reply).toMatchObject(problem(400, 'invalid_request', at(field)))
  }
})
