import { afterAll, beforeAll, expect, it } from 'vitest'
import { newId } from '../../src/model/id.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

/** What the operator sees of the server's own count. */
async function reads(): Promise<number> {
  const headers = { authorization: `Bearer ${relay.token}` }
  const metrics = await (await fetch(`${relay.url}/metrics`, { headers })).text()
  return Number(/^hookway_source_reads_total (\d+)$/m.exec(metrics)?.[1])
}

/** How many sources were read while each was sent to once, and what was answered. */
async function readsFor(sources: readonly { id: string }[]) {
  const before = await reads()
  const answers = await Promise.all(sources.map((source) => relay.post(source, `{"to":"${source.id}"}`)))
  await Promise.all(answers.map((answer) => answer.text()))
  return { reads: (await reads()) - before, statuses: [...new Set(answers.map(({ status }) => status))] }
}

it('a warm source is not read again, and an unknown id once, as the metrics show', async () => {
  const known = await Promise.all(Array.from({ length: 20 }, () => relay.source()))
  const unknown = Array.from({ length: 40 }, () => ({ id: newId('src', Date.now()) }))
  expect(await readsFor(known)).toEqual({ reads: 20, statuses: [200] })
  expect(await readsFor(known)).toEqual({ reads: 0, statuses: [200] })
  expect(await readsFor(unknown)).toEqual({ reads: 40, statuses: [404] })
  expect(await readsFor(unknown)).toEqual({ reads: 0, statuses: [404] })
})
