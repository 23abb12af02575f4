import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeLog } from '../../src/db/log-writer.ts'
import type { DeliveryRow } from '../../src/model/delivery-log.ts'
import type { EndpointId } from '../../src/model/id.ts'
import type { ByHand } from '../../src/model/rpc.ts'
import { deliveryRow, eventRow } from '../support/log-rows.ts'
import { makeWorld, problem, type World } from './api-world.ts'

let world: World
let answer: ByHand
let isGone: boolean
let endpointId: EndpointId

beforeAll(async () => {
  world = await makeWorld({
    orderDelivery: async (_, order, { id, pointer }) => {
      world.did.push(`${order} ${id} in ${pointer.intake}`)
      return answer
    },
    redeliver: async (_, { ref, triedBefore }) => {
      world.did.push(`redeliver ${ref.id} after ${triedBefore}`)
      return !isGone
    },
  })
})
beforeEach(async () => {
  answer = { kind: 'done' }
  isGone = false
  const made = await world.call('POST', '/v1/endpoints', { url: 'https://receiver.example/' })
  endpointId = made.body.id as EndpointId
  world.did.length = 0
})

async function logged(more: Partial<DeliveryRow> = {}): Promise<DeliveryRow> {
  const event = eventRow(0)
  const row = deliveryRow(event.id, { endpointId, ...more })
  await writeLog(world.deps.logDb, [
    { kind: 'deliveries', object: 'o', receipt: 1, events: [event], rows: [row] },
  ])
  return row
}

describe('a retry', () => {
  it('makes what waits due now', async () => {
    const { id } = await logged({ status: 'retrying', attempts: 2 })
    expect(await world.call('POST', `/v1/deliveries/${id}/retries`)).toMatchObject({
      status: 202,
      body: { id, status: 'retrying', attempts: 2, nextAttemptAt: '2026-01-02T00:00:00.000Z' },
    })
    expect(world.did).toEqual([`retry ${id} in i`])
  })

  it.each(['dead', 'delivered', 'cancelled'] as const)('begins anew with what is %s', async (status) => {
    answer = { kind: 'absent', attempts: 3 }
    const { id } = await logged({ status, attempts: 2 })
    const reply = await world.call('POST', `/v1/deliveries/${id}/retries`)
    expect(reply).toMatchObject({ status: 202, body: { status: 'retrying' } })
    expect(world.did).toEqual([`retry ${id} in i`, `redeliver ${id} after 3`])
  })

  it('shows as held while the endpoint is paused, and as it was while an attempt is under way', async () => {
    await world.call('PATCH', `/v1/endpoints/${endpointId}`, { state: 'paused' })
    const { id } = await logged({ status: 'dead' })
    const retry = () => world.call('POST', `/v1/deliveries/${id}/retries`)
    expect(await retry()).toMatchObject({ status: 202, body: { status: 'held', nextAttemptAt: null } })
    answer = { kind: 'sending' }
    expect(await retry()).toMatchObject({ status: 202, body: { status: 'dead' } })
  })

  it('is refused when the payload or the endpoint is gone, or too many are under way', async () => {
    answer = { kind: 'absent', attempts: 0 }
    isGone = true
    const { id } = await logged()
    const retry = (of: string = id) => world.call('POST', `/v1/deliveries/${of}/retries`)
    expect(await retry()).toMatchObject(
      problem(409, 'conflict', { detail: expect.stringMatching('payload') }),
    )
    answer = { kind: 'full' }
    expect(await retry()).toMatchObject(problem(409, 'conflict'))
    expect(await retry(deliveryRow(eventRow(0).id).id)).toMatchObject(problem(404, 'not_found'))
    await world.call('DELETE', `/v1/endpoints/${endpointId}`)
    expect(await retry()).toMatchObject(
      problem(409, 'conflict', { detail: expect.stringMatching('deleted') }),
    )
  })
})

describe('a cancellation', () => {
  it('takes back what waits', async () => {
    const { id } = await logged({ status: 'held' })
    expect(await world.call('POST', `/v1/deliveries/${id}/cancellations`)).toMatchObject({
      status: 200,
      body: { id, status: 'cancelled' },
    })
    expect(world.did).toEqual([`cancel ${id} in i`])
  })

  it.each([
    ['has ended', { kind: 'absent', attempts: 1 }],
    ['is under way', { kind: 'sending' }],
    ['Too many', { kind: 'full' }],
  ] as const)('is refused when it %s', async (detail, given) => {
    answer = given
    const { id } = await logged()
    expect(await world.call('POST', `/v1/deliveries/${id}/cancellations`)).toMatchObject(
      problem(409, 'conflict', { detail: expect.stringContaining(detail) }),
    )
  })
})
