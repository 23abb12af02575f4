import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startChild } from '../../bench/child.ts'
import type { LoadResult, LoadTask } from '../../bench/load.ts'
import type { Arrivals, ReceiverTask } from '../../bench/receiver.ts'

const receiver = startChild<ReceiverTask, Arrivals>('receiver.ts')
const load = startChild<LoadTask, LoadResult>('load.ts')
let url = ''

beforeAll(async () => {
  url = (await receiver.call({ op: 'listen' })).url
})
afterAll(async () => {
  await Promise.all([receiver.stop(), load.stop()])
})

const deliver = (id: string, path = '') =>
  fetch(url + path, { method: 'POST', body: JSON.stringify({ data: { id } }) })
const take = (keys: string[], withinMs = 10_000) => receiver.call({ op: 'take', keys, withinMs })

it('an arrival that nobody waits for does not stand for a missing one', async () => {
  const [late, missing, there] = [randomUUID(), randomUUID(), randomUUID()]
  await deliver(late)
  await deliver(there)
  const taken = await take([missing, there], 200)
  expect([...taken.at.keys()]).toEqual([there])
  expect(taken.missing).toEqual([missing])
  expect([...(await take([late])).at.keys()]).toEqual([late])
})

it('a repeat counts, also when the first was handed over long ago', async () => {
  const id = randomUUID()
  await deliver(id)
  await take([id])
  await deliver(id)
  expect((await take([])).duplicates).toBe(1)
})

it('an event is another one under another path', async () => {
  const id = randomUUID()
  await Promise.all([deliver(id, 'a'), deliver(id, 'b')])
  const taken = await take([`/a ${id}`, `/b ${id}`])
  expect([taken.missing, taken.duplicates]).toEqual([[], 0])
})

it('all that the generator calls acknowledged has arrived, and it says to which URL', async () => {
  const urls = [`${url}x`, `${url}y`]
  const task = { url, urls, secret: 's', connections: 4, seconds: 1, ratePerSecond: 50 }
  const { acknowledged, errors, sentTo } = await load.call(task)
  expect([acknowledged, errors]).toEqual([50, 0])
  const taken = await take([...sentTo].map(([id, to]) => `${to ? '/y' : '/x'} ${id}`))
  expect([taken.at.size, taken.duplicates]).toEqual([50, 0])
})

it('says why requests fail', async () => {
  const task = { secret: 's', connections: 1, seconds: 1, ratePerSecond: 2 }
  expect(await load.call({ ...task, url: `${url}fail` })).toMatchObject({ failures: { 500: 2 } })
  expect(await load.call({ ...task, url: 'http://127.0.0.1:1/' })).toMatchObject({
    failures: { ECONNREFUSED: 2 },
  })
})
