import { afterAll, expect, it } from 'vitest'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
afterAll(() => relay.stop())

// One story, since each start takes longer than all its checks.
it('keeps all it holds through stops, and checks each target again at the attempt', async () => {
  await relay.start()
  const { source, receiver, endpoint } = await relay.path({ state: 'paused' })
  const setState = (state: string) => relay.call('PATCH', `/endpoints/${endpoint.id}`, { state })
  const options = { headers: { 'x-github-delivery': 'before the stop' } }
  const first = await relay.send(source, '{"n":1}', options)
  expect(await relay.terminate()).toBe(0)

  await relay.start()
  expect(await relay.send(source, '{"n":1}', options)).toEqual({ id: first.id, duplicate: true })
  await setState('active')
  const [got] = await relay.arrived(receiver, 1)
  expect(got?.body.toString()).toBe('{"n":1}')
  expect(await relay.delivery(first.id)).toMatchObject({ status: 'delivered', attempts: 1 })
  await setState('paused')
  const second = await relay.send(source, '{"n":2}')
  expect(await relay.terminate()).toBe(0)

  await relay.start({ allowTargets: '' })
  expect(await relay.call('GET', `/events/${first.id}`)).toMatchObject({
    data: { n: 1 },
    deliveries: [{ status: 'delivered' }],
  })
  await setState('active')
  const refused = await relay.delivery(second.id)
  expect(refused).toMatchObject({
    status: 'dead',
    attempts: 1,
    attemptLog: [{ result: 'private_address', statusCode: null, response: null }],
  })
  expect(receiver.received).toHaveLength(1)
})
