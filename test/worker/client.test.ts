import { beforeAll, expect, it } from 'vitest'
import { Client, RefusedError } from '../../src/client/client.ts'
import { makeWorld, ROOT } from './api-world.ts'

let client: Client
beforeAll(async () => {
  const world = await makeWorld()
  client = new Client({
    baseUrl: 'https://hooks.example',
    token: ROOT,
    fetch: async (request) => await world.app.fetch(request),
  })
})

it('makes, reads, changes and removes resources', async () => {
  const made = await client.create('endpoints', { url: 'https://r.example/', eventTypes: ['lead.*'] })
  expect(made.secret).toMatch(/^whsec_/)
  expect(await client.get('endpoints', made.id)).toMatchObject({ state: 'active' })
  expect(await client.update('endpoints', made.id, { state: 'paused' })).toMatchObject({ state: 'paused' })
  await client.remove('endpoints', made.id)
  const gone = await client.get('endpoints', made.id).catch((error: unknown) => error)
  expect(gone).toBeInstanceOf(RefusedError)
})

it('goes through a list page after page', async () => {
  for (const uid of ['a', 'b', 'c']) await client.create('sources', { provider: 'generic', uid })
  const uids = new Set<unknown>()
  for await (const { uid } of client.list('sources', { limit: 1 })) uids.add(uid)
  expect(uids).toEqual(new Set(['a', 'b', 'c']))
})

it('publishes', async () => {
  expect(await client.publish({ type: 'lead.created', data: {}, id: 'seen' })).toMatchObject({
    duplicate: true,
  })
})

it('throws the problem as it was told', async () => {
  const refused = await client.create('sources', { provider: 'nonesuch' }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ problem: { code: 'invalid_request', status: 400 } })
})
