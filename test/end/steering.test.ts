import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()

beforeAll(() => relay.start())
afterAll(() => relay.stop())

/** A source, and for each of the settings a receiver with a subscription of its own to the source. */
async function subscribed(...all: Record<string, unknown>[]) {
  const source = await relay.source()
  const paths = []
  for (const settings of all) {
    const receiver = await relay.receiver()
    const endpoint = await relay.call<{ id: string }>('POST', '/endpoints', { url: receiver.url })
    const subscription = await relay.call<{ id: string }>('POST', '/subscriptions', {
      endpointId: endpoint.id,
      sourceIds: [source.id],
      ...settings,
    })
    paths.push({ receiver, endpoint, subscription })
  }
  return { source, paths }
}

const script = (code: string) => ({ transform: { steps: [{ kind: 'javascript', code }] } })
const stateOf = async ({ id }: { id: string }) =>
  relay.call<{ state: string; fault: { error: string } | null }>('GET', `/subscriptions/${id}`)

describe.concurrent('a subscription', () => {
  it('gets what its filter takes, as its transformation makes it', async () => {
    const { source, paths } = await subscribed({
      filter: { 'data.rating': { $lte: 2 }, 'headers.x-github-event': 'push' },
      transform: {
        steps: [
          { kind: 'jsonata', expression: '{ "stars": data.rating }' },
          { kind: 'request', method: 'PUT', path: '/reviews/{{ body.stars }}', headers: { 'x-made': 'yes' } },
        ],
      },
    })
    await relay.send(source, '{"data":{"rating":5}}')
    await relay.send(source, '{"data":{"rating":1}}')
    const [path] = paths
    const [request] = path ? await relay.arrived(path.receiver, 1) : []
    expect(request).toMatchObject({ method: 'PUT', body: Buffer.from('{"stars":1}') })
    expect(request?.path ?? '').toMatch(/\/reviews\/1$/)
    expect(request?.headers).toMatchObject({ 'x-made': 'yes', 'x-github-event': 'push' })
  })

  it('that is changed has its new rule for the very next event', async () => {
    const { source, paths } = await subscribed({ filter: { a: 1 } })
    const [path] = paths
    if (!path) return
    await relay.send(source, '{"a":2}')
    await relay.call('PATCH', `/subscriptions/${path.subscription.id}`, { filter: { a: { $gte: 3 } } })
    await relay.send(source, '{"a":3}')
    await relay.call('PATCH', `/subscriptions/${path.subscription.id}`, { filter: { a: 4 } })
    await relay.send(source, '{"a":4}')
    const received = await relay.arrived(path.receiver, 2)
    expect(received.map(({ body }) => String(body)).sort()).toEqual(['{"a":3}', '{"a":4}'])
  })
})

it('fails over while the first endpoint fails, and comes back when it has recovered', async () => {
  let isDown = true
  const first = await relay.receiver((_, response) => {
    response.statusCode = isDown ? 500 : 200
    response.end()
  })
  const second = await relay.receiver()
  const source = await relay.source()
  const circuit = { failures: 1, failingSeconds: 0, cooldownSeconds: 1 }
  const retry = { scheduleSeconds: [0, 1, 1, 1, 1, 1, 1, 1, 1, 1] }
  const main = await relay.call<{ id: string }>('POST', '/endpoints', { url: first.url, circuit, retry })
  const spare = await relay.call<{ id: string }>('POST', '/endpoints', { url: second.url })
  const rules = { endpointId: main.id, sourceIds: [source.id], failoverEndpointId: spare.id }
  await relay.call('POST', '/subscriptions', rules)
  let n = 0
  const sendUntil = async (isThere: () => boolean, what: string) =>
    eventually(
      async () => {
        await relay.send(source, `{"n":${n++}}`)
        return isThere() || undefined
      },
      { withinMs: 30_000, what: () => what },
    )
  await sendUntil(() => second.received.length > 0, 'nothing has failed over')
  isDown = false
  const bodies = () => first.received.map(({ body }) => String(body))
  await sendUntil(() => bodies().includes(`{"n":${n - 2}}`), 'nothing has come back')
  const all = new Set([...bodies(), ...second.received.map(({ body }) => String(body))])
  await eventually(
    () => {
      for (const { body } of [...first.received, ...second.received]) all.add(String(body))
      return all.size >= n || undefined
    },
    { withinMs: 20_000, what: () => `${all.size} of ${n} events arrived` },
  )
})

// One at a time: an endless script takes the only runner for its whole deadline.
describe('a transformation', () => {
  it.each([
    ['loops forever', 'export default () => { for (;;) {} }', 'no answer within'],
    [
      'allocates without end',
      'export default () => { const all = []; for (;;) all.push(new Array(1e6).fill(all)) }',
      '',
    ],
    [
      'calls the network',
      'export default () => fetch("https://example.com/")',
      'not permitted to access the internet',
    ],
    ['answers garbage', 'export default () => "garbage"', 'neither an object nor null'],
  ])('that %s harms only itself, and loses nothing when it is fixed', async (_, code, said) => {
    const { source, paths } = await subscribed(
      script(code),
      {},
      script('export default () => ({ body: "fine" })'),
    )
    const [bad, plain, good] = paths
    if (!bad || !plain || !good) return
    await relay.send(source, '{"n":1}')
    const [[first], [second]] = await Promise.all([
      relay.arrived(plain.receiver, 1),
      relay.arrived(good.receiver, 1),
    ])
    expect([String(first?.body), String(second?.body)]).toEqual(['{"n":1}', '"fine"'])
    const faulty = await eventually(
      async () => {
        const shown = await stateOf(bad.subscription)
        return shown.state === 'faulty' ? shown : undefined
      },
      { withinMs: 20_000, what: () => 'the subscription is not faulty' },
    )
    expect(faulty.fault?.error).toContain(said)
    await relay.send(source, '{"n":2}')
    await relay.arrived(plain.receiver, 2)
    expect(bad.receiver.received).toEqual([])
    const fixed = script('export default ({ body }) => ({ body: { ...body, fixed: true } })')
    await relay.call('PATCH', `/subscriptions/${bad.subscription.id}`, fixed)
    const released = await relay.arrived(bad.receiver, 2)
    expect(released.map(({ body }) => String(body)).sort()).toEqual([
      '{"n":1,"fixed":true}',
      '{"n":2,"fixed":true}',
    ])
    expect(await stateOf(bad.subscription)).toMatchObject({ state: 'active', fault: null })
  })
})
