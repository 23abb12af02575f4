import { beforeAll, expect, it } from 'vitest'
import { pageEndpointObjects } from '../../src/db/endpoints.ts'
import { makeWorld, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

it('the sweep sees every object that an endpoint ever had, page by page', async () => {
  const { db } = world.deps
  const url = 'https://receiver.example/'
  const ids: string[] = []
  for (const concurrency of [6, 18, 1]) {
    ids.push((await world.call('POST', '/v1/endpoints', { url, concurrency })).body.id)
  }
  const [one = '', three = '', last = ''] = ids.toSorted((a, b) => (a < b ? -1 : 1))
  const wide = ids[1] ?? ''
  const objectsOf = (id: string) => (id === wide ? [id, `${id}:1`, `${id}:2`] : [id])
  const all = [one, three, last].flatMap(objectsOf)
  expect(await pageEndpointObjects(db, { after: undefined, limit: 10 })).toEqual(all)
  const paged: string[] = []
  for (let after: string | undefined; ; after = paged.at(-1)) {
    const page = await pageEndpointObjects(db, { after, limit: 2 })
    paged.push(...page)
    if (page.length < 2) break
  }
  expect(paged).toEqual(all)
  await world.call('PATCH', `/v1/endpoints/${wide}`, { concurrency: 2 })
  expect(await pageEndpointObjects(db, { after: undefined, limit: 10 })).toEqual(all)
})
