import { runDurableObjectAlarm } from 'cloudflare:test'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { echo, placesWith, settle, type Erasure } from './erasing.ts'
import { evict, fireAlarm, fireUntil, RelayWorld } from './relay-world.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

describe('an erasure', () => {
  it(
    'reaches into batches: those that went, wait, gather, and are in flight',
    { timeout: 60_000 },
    async () => {
      const person = 'batched-person-7741'
      const endpointFor = (name: string, settings: object = {}) =>
        world.endpoint(name, {
          batch: { maxEvents: 3, maxSeconds: 20 },
          retry: { scheduleSeconds: [0, 30, 30] },
          ...settings,
        })
      world.answer = (arrived) => {
        if (arrived.url.includes('/waits/')) return new Response(arrived.body, { status: 503 })
        return echo(arrived)
      }
      const ids: string[] = []
      const publishTo = async (type: string) => {
        for (const name of ['one', person, 'three']) {
          const id = await world.publish(type, { name })
          if (name === person) ids.push(id)
        }
      }
      const went = await endpointFor('went')
      await publishTo('went')
      await world.untilLogged(went, 'delivered', 3)
      const waits = await endpointFor('waits', { retry: { scheduleSeconds: [0, 300] } })
      await publishTo('waits')
      await world.untilLogged(waits, 'retrying', 3)
      const gathers = await endpointFor('gathers', { batch: { maxEvents: 9, maxSeconds: 3_600 } })
      await publishTo('gathers')
      // Before its window ends, so that it is only shown.
      await vi.waitFor(async () => {
        await runDurableObjectAlarm(gathers.object)
        const { data } = await world.call<{ data: object[] }>('GET', `/deliveries?endpointId=${gathers.id}`)
        expect(data).toHaveLength(3)
      }, 10_000)
      const flies = await endpointFor('flies')
      const answer = Promise.withResolvers<Response>()
      world.answer = ({ attempt }) => (attempt === '1' ? new Response('', { status: 503 }) : answer.promise)
      await publishTo('flies')
      await world.untilLogged(flies, 'retrying', 3)
      await fireUntil(world, flies.object, () => world.at(flies).length === 2)
      expect(await placesWith(person)).toEqual(['d1', 'objects'])

      const sent = world.arrived.length
      const erasure = await world.call<Erasure>('POST', '/erasures', { eventIds: ids })
      expect(erasure).toMatchObject({ state: 'settling', error: null, counts: { events: 4, cancelled: 2 } })
      answer.resolve(new Response(`not now, ${person}`, { status: 503, headers: { 'x-echo': person } }))
      await world.untilLogged(flies, 'retrying', 2)
      const objects = [went, waits, gathers, flies].map(({ object }) => object)
      world.answer = echo
      for (const object of objects) await fireAlarm(world, object)
      expect(await settle(world, erasure)).toMatchObject({ state: 'done', error: null })
      expect(await placesWith(person)).toEqual([])

      for (const object of objects) await evict(object)
      for (const { url, object } of [waits, gathers, flies]) {
        await fireUntil(world, object, () => world.arrived.slice(sent).some((each) => each.url === url))
      }
      for (const endpoint of [waits, gathers, flies]) {
        const shown = await world.untilLogged(endpoint, 'delivered', 2)
        expect(shown.map(({ status }) => status).toSorted()).toEqual(['cancelled', 'delivered', 'delivered'])
      }
      const bodies = world.arrived
        .slice(sent)
        .map(({ body }) => JSON.parse(body) as { data: { name: string } }[])
      expect(bodies.map((items) => items.map(({ data }) => data.name))).toEqual(
        Array.from({ length: 3 }, () => ['one', 'three']),
      )
      const answers = (await world.untilLogged(went, 'delivered', 3)).map(({ attemptLog }) => attemptLog[0])
      for (const each of answers) expect(each).toMatchObject({ response: { body: '' }, statusCode: 200 })
      expect(await placesWith(person)).toEqual([])
    },
  )
})
