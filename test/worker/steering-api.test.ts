import { beforeAll, describe, expect, it } from 'vitest'
import { markFaulty } from '../../src/db/faults.ts'
import { getSubscription } from '../../src/db/subscriptions.ts'
import { at, makeWorld, problem, type World } from './api-world.ts'

let world: World
let endpointId: string

beforeAll(async () => {
  world = await makeWorld()
  const { body } = await world.call('POST', '/v1/endpoints', { url: 'https://receiver.example/in' })
  endpointId = body.id
})

const create = (settings: object) => world.call('POST', '/v1/subscriptions', { endpointId, ...settings })

describe('the rules of a subscription', () => {
  it('are kept and shown as they were given', async () => {
    const rules = {
      filter: { 'data.rating': { $lte: 2 } },
      sampleRate: 0.5,
      priority: 'high',
      transform: { steps: [{ kind: 'select', fields: ['data.rating'] }] },
      failoverEndpointId: endpointId,
      schedule: { windows: [{ days: ['mon'], from: '08:00', to: '17:00' }] },
    }
    const { status, body } = await create(rules)
    expect(status).toBe(201)
    expect(body).toMatchObject({ ...rules, state: 'active', fault: null, version: 1 })
  })

  it.each([
    [{ filter: { $and: [{ a: { $foo: 1 } }] } }, 'filter.$and.0.a.$foo'],
    [{ filter: [{ field: 'a', operator: 'like', value: 1 }] }, 'filter.$and.0.operator'],
    [{ transform: { steps: [{ kind: 'liquid', body: '{% if %}' }] } }, 'transform.steps.0.body'],
    [{ transform: { steps: [] } }, 'transform.steps'],
    [{ transform: { steps: [{ kind: 'select', fields: ['a'], also: 1 }] } }, 'transform.steps.0.also'],
    [{ sampleRate: 2 }, 'sampleRate'],
    [{ failoverEndpointId: 'ep_00000000000000000000000000' }, 'failoverEndpointId'],
    [{ schedule: { timeZone: 'Mars/Base', windows: [] } }, 'schedule.timeZone'],
  ])('%j is refused with the place of the fault', async (settings, path) => {
    const { status, body } = await create(settings)
    expect(status).toBe(400)
    expect(body['errors']).toContainEqual({ path, message: expect.any(String) })
  })

  it('keep what they were before each change', async () => {
    const { body: made } = await create({ filter: { a: 1 } })
    await world.call('PATCH', `/v1/subscriptions/${made.id}`, { filter: { a: 2 } })
    await world.call('PATCH', `/v1/subscriptions/${made.id}`, { filter: { a: 3 } })
    const first = await world.call('GET', `/v1/subscriptions/${made.id}/versions?limit=1`)
    expect(first.body.data).toMatchObject([{ version: 2, settings: { filter: { a: 2 } } }])
    const rest = await world.call('GET', `/v1/subscriptions/${made.id}/versions?cursor=${first.body.next}`)
    expect(rest.body).toMatchObject({ data: [{ version: 1, settings: { filter: { a: 1 } } }], next: null })
  })
})

it('a faulty subscription says why, and any change has its events routed again', async () => {
  const { body: made } = await create({ filter: { a: 1 } })
  const record = await getSubscription(world.deps.db, { tenantId: 'default', id: made.id })
  if (!record) throw new Error('not stored')
  const fault = { error: 'step 1: no', eventId: null, at: world.time.now }
  await markFaulty(world.deps.db, { ...record, version: 7 }, fault)
  expect((await world.call('GET', `/v1/subscriptions/${made.id}`)).body['state']).toBe('active')
  await markFaulty(world.deps.db, record, fault)
  const shown = await world.call('GET', `/v1/subscriptions/${made.id}`)
  expect(shown.body).toMatchObject({ state: 'faulty', fault: { error: 'step 1: no', releasing: false } })
  const fixed = await world.call('PATCH', `/v1/subscriptions/${made.id}`, { filter: null })
  expect(fixed.body).toMatchObject({ fault: { releasing: true } })
  expect(world.did).toContain(`fixed ${made.id}`)
})

describe('POST /v1/subscriptions/test', () => {
  const test = (body: object) => world.call('POST', '/v1/subscriptions/test', body)
  const event = { type: 'review.created', data: { rating: 2, business: { name: 'Acme' } } }

  it('tells the clause that decided', async () => {
    const subscription = { eventTypes: ['review.*'], filter: { rating: { $gt: 3 } } }
    const { body } = await test({ subscription, event })
    expect(body).toMatchObject({ outcome: 'skipped' })
    expect(body['steps']).toContainEqual({
      step: 'filter',
      passed: false,
      detail: expect.any(String),
      clause: { at: 'filter.rating.$gt', field: 'rating', operator: '$gt', expected: 3, found: 2 },
    })
  })

  it('shows each step of the transformation, the delivery, and how it differs', async () => {
    const subscription = {
      transform: {
        steps: [
          { kind: 'select', fields: ['rating'] },
          { kind: 'jsonata', expression: '{ "rating": rating, "bad": rating <= 2 }' },
          { kind: 'javascript', code: 'export default ({ body }) => ({ body: { ...body, by: "js" } })' },
        ],
      },
    }
    const { body } = await test({ subscription, event })
    expect(body).toMatchObject({
      outcome: 'delivered',
      delivery: { body: { rating: 2, bad: true, by: 'js' } },
      diff: [{ path: 'business', before: { name: 'Acme' } }, { path: 'bad', after: true }, { path: 'by' }],
    })
  })

  it.each([
    ['export default () => { throw new Error("no") }', 'no'],
    ['export default () => fetch("https://example.com/")', 'not permitted to access the internet'],
    ['export default () => 5', 'neither an object nor null'],
    ['export const a = 1', 'no default export'],
    ['this is no module', ''],
    ['export default () => eval("1")', 'Code generation from strings disallowed'],
    ['import "cloudflare:sockets"; export default () => null', ''],
  ])('a script that cannot work says so: %s', async (code, said) => {
    const { body } = await test({
      subscription: { transform: { steps: [{ kind: 'javascript', code }] } },
      event,
    })
    if (!code.includes('sockets')) expect(body).toMatchObject({ outcome: 'failed' })
    expect(JSON.stringify(body['steps'])).toContain(said)
  })

  it('tries changes of a subscription that exists', async () => {
    const { body: made } = await create({ eventTypes: ['review.*'], filter: { rating: 5 } })
    const subscriptionId = made.id
    expect((await test({ subscriptionId, event })).body).toMatchObject({ outcome: 'skipped' })
    const changed = { subscriptionId, subscription: { filter: null }, event }
    expect((await test(changed)).body).toMatchObject({ outcome: 'delivered', delivery: { endpointId } })
  })

  it('refuses what it cannot try', async () => {
    expect(await test({ event })).toMatchObject(problem(400, 'invalid_request'))
    expect(await test({ subscription: {} })).toMatchObject(problem(400, 'invalid_request', at('eventId')))
    const filter = { subscription: { filter: { $x: 1 } }, event }
    expect(await test(filter)).toMatchObject(problem(400, 'invalid_request', at('subscription.filter.$x')))
  })
})
