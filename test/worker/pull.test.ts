import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { alarmOf, evict, fireAlarm, RelayWorld } from './relay-world.ts'

interface Message {
  id: string
  eventId: string
  attempt: number
  headers: Record<string, string>
  body: string
}

interface Page {
  data: Message[]
  next: string | null
}

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

async function pullEndpoint(type: string, settings: Record<string, unknown> = {}) {
  const body = { mode: 'pull', eventTypes: [type], ...settings }
  const { id, secret } = await world.call<{ id: string; secret: string }>('POST', '/endpoints', body)
  return {
    id,
    secret,
    object: env.ENDPOINT.getByName(id),
    poll: (query = '') => world.call<Page>('GET', `/endpoints/${id}/messages?waitSeconds=5&${query}`),
    acknowledge: (body: Record<string, unknown>) =>
      world.call<{ ids: string[]; notLeased: string[] }>(
        'POST',
        `/endpoints/${id}/messages/acknowledgements`,
        body,
      ),
  }
}

const idsOf = ({ data }: Page) => data.map(({ id }) => id)
const bodiesOf = ({ data }: Page) => data.map(({ body }) => (JSON.parse(body) as { data: unknown }).data)

describe('a pull endpoint', () => {
  it('gives what a push would send, so that the official library verifies it', async () => {
    const endpoint = await pullEndpoint('pull.signed')
    const eventId = await world.publish('pull.signed', { n: 1 })
    const { data } = await endpoint.poll()
    const [message] = data
    expect(message).toMatchObject({
      eventId,
      attempt: 1,
      headers: { 'webhook-id': message?.id, 'hookway-event-id': eventId, 'content-type': 'application/json' },
    })
    const verify = () => new Webhook(endpoint.secret).verify(message?.body ?? '', message?.headers ?? {})
    vi.useFakeTimers({ now: world.now, toFake: ['Date'] })
    expect(verify()).toMatchObject({ type: 'pull.signed', data: { n: 1 } })
    vi.useRealTimers()
    expect(world.arrived).toEqual([])
  })

  it('keeps its leases when its object leaves memory, and ends them by id', async () => {
    const endpoint = await pullEndpoint('pull.evicted')
    await world.publish('pull.evicted', 1)
    await world.publish('pull.evicted', 2)
    const first = await endpoint.poll('limit=1')
    await evict(endpoint.object)
    const second = await endpoint.poll()
    expect([...bodiesOf(first), ...bodiesOf(second)]).toEqual([1, 2])
    await evict(endpoint.object)
    const ids = [...idsOf(first), ...idsOf(second)]
    expect((await endpoint.acknowledge({ ids })).ids.toSorted()).toEqual(ids.toSorted())
    await evict(endpoint.object)
    expect(await endpoint.acknowledge({ ids })).toEqual({ ids: [], notLeased: ids })
    const logged = await world.untilLogged(endpoint, 'delivered', 2)
    expect(logged.map(({ attempts }) => attempts)).toEqual([1, 1])
  })

  it('keeps order by cursor through evictions, one at a time', async () => {
    const endpoint = await pullEndpoint('pull.ordered', { ordering: 'endpoint' })
    for (let n = 0; n < 5; n++) await world.publish('pull.ordered', n)
    const seen: unknown[] = []
    for (let next: string | null = null; seen.length < 5;) {
      const page: Page = await endpoint.poll(next === null ? '' : `cursor=${next}`)
      expect(page.data).toHaveLength(1)
      expect((await world.call<Page>('GET', `/endpoints/${endpoint.id}/messages`)).data).toEqual([])
      seen.push(...bodiesOf(page))
      next = page.next
      await evict(endpoint.object)
      if (seen.length === 5) await endpoint.acknowledge({ cursor: next })
    }
    expect(seen).toEqual([0, 1, 2, 3, 4])
    await world.untilLogged(endpoint, 'delivered', 5)
  })

  it('wakes when a lease ends, gives the message again, and a dead letter in the end', async () => {
    const endpoint = await pullEndpoint('pull.silent', { retry: { scheduleSeconds: [0, 60] } })
    await world.publish('pull.silent')
    await endpoint.poll('visibilitySeconds=600')
    await evict(endpoint.object)
    const leasedAt = world.now
    while (world.now < leasedAt + 600_000) expect(await fireAlarm(world, endpoint.object)).toBe(true)
    const [retrying] = await world.untilLogged(endpoint, 'retrying', 1)
    expect(retrying?.attemptLog).toMatchObject([{ number: 1, result: 'not_acknowledged' }])
    world.now += 61_000
    const { data } = await endpoint.poll()
    expect(data).toMatchObject([{ id: retrying?.id, attempt: 2 }])
    await endpoint.acknowledge({ ids: [retrying?.id], outcome: 'retry', reason: 'no' })
    const [dead] = await world.untilLogged(endpoint, 'dead', 1)
    expect(dead?.attemptLog).toMatchObject([{ number: 1 }, { number: 2, result: 'consumer_retry' }])
  })

  it('lets its object sleep while messages are leased', async () => {
    const endpoint = await pullEndpoint('pull.asleep')
    await world.publish('pull.asleep')
    await endpoint.poll('visibilitySeconds=3600')
    const leasedAt = world.now
    await vi.waitFor(async () => {
      await fireAlarm(world, endpoint.object)
      expect(await alarmOf(endpoint.object)).toBe(leasedAt + 3_600_000)
    })
    expect(world.now).toBeLessThan(leasedAt + 120_000)
  })

  it('gives a waiting consumer the next event at once', async () => {
    const endpoint = await pullEndpoint('pull.waiting')
    const waiting = endpoint.poll()
    await world.publish('pull.waiting', 'now')
    expect(bodiesOf(await waiting)).toEqual(['now'])
  })

  it('gives bytes as bytes, and half of a page for each consumer', async () => {
    const endpoint = await pullEndpoint('pull.shared', { compression: 'gzip' })
    for (let n = 0; n < 4; n++) await world.publish('pull.shared', n)
    const pages = [await endpoint.poll('limit=2'), await endpoint.poll('limit=2')]
    expect(new Set(pages.flatMap(idsOf)).size).toBe(4)
    const [message] = pages[0]?.data ?? []
    expect(message).toMatchObject({ encoding: 'base64', headers: { 'content-encoding': 'gzip' } })
  })

  it('also gives what waits in the objects that it had as a push endpoint', async () => {
    const endpoint = await pullEndpoint('pull.turned', {
      mode: 'push',
      url: 'http://127.0.0.1/turned',
      concurrency: 30,
      state: 'paused',
    })
    for (let n = 0; n < 8; n++) await world.publish('pull.turned', n)
    await world.call('PATCH', `/endpoints/${endpoint.id}`, { mode: 'pull', url: '', state: 'active' })
    const seen = new Set<unknown>()
    for (let next: string | null = null; seen.size < 8;) {
      const page: Page = await endpoint.poll(next === null ? '' : `cursor=${next}`)
      for (const each of bodiesOf(page)) seen.add(each)
      next = page.next
      if (seen.size === 8) await endpoint.acknowledge({ cursor: next })
    }
    await world.untilLogged(endpoint, 'delivered', 8)
  })
})
