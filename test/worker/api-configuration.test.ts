import { beforeAll, expect, it } from 'vitest'
import { makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const document = {
  sources: [{ uid: 'github', provider: 'github', secrets: ['given-secret'] }],
  endpoints: [{ uid: 'crm', url: 'https://crm.example/', retry: { preset: 'crm' } }],
  subscriptions: [{ uid: 'pushes', endpoint: 'crm', sources: ['github'], eventTypes: ['push'] }],
}
const actions = async (query: string, body: object) => {
  const reply = await world.call('PUT', `/v1/import${query}`, body)
  expect(reply.status).toBe(200)
  return (reply.body['changes'] as { kind: string; uid: string; action: string; fields: string[] }[]).map(
    ({ uid, action, fields }) => [uid, action, ...fields].join(' '),
  )
}

it('a dry run says what would change, and changes nothing', async () => {
  expect(await actions('?dryRun=true', document)).toEqual(['github create', 'crm create', 'pushes create'])
  expect((await world.call('GET', '/v1/sources')).body.data).toEqual([])
})

it('an import makes what the document says, and a second one nothing more', async () => {
  await actions('', document)
  const { body } = await world.call('GET', '/v1/subscriptions')
  expect(body.data).toMatchObject([{ uid: 'pushes', eventTypes: ['push'] }])
  const { secrets: _, ...source } = document.sources[0] ?? { secrets: [] }
  expect(await actions('', { ...document, sources: [source] })).toEqual([
    'github none',
    'crm none',
    'pushes none',
  ])
})

it('an export is a document that changes nothing, and holds no secret', async () => {
  const { body } = await world.call('GET', '/v1/export')
  const { unnamed, ...exported } = body as Record<string, unknown>
  expect(unnamed).toEqual([])
  expect(JSON.stringify(exported)).not.toContain('given-secret')
  expect(await actions('?prune=true', exported)).toEqual(['github none', 'crm none', 'pushes none'])
})

it('an import names the fields that it changes, and leaves what it does not name', async () => {
  const endpoints = [{ uid: 'crm', url: 'https://crm.example/v2' }]
  expect(await actions('', { endpoints })).toEqual(['crm update url'])
  const { body } = await world.call('GET', '/v1/endpoints/crm')
  expect(body).toMatchObject({ url: 'https://crm.example/v2', retry: { preset: 'crm' } })
})

it('pruning removes what the document leaves out', async () => {
  expect(await actions('?prune=true', { sources: [{ uid: 'github', provider: 'github' }] })).toEqual([
    'github none',
    'pushes delete',
    'crm delete',
  ])
  expect((await world.call('GET', '/v1/endpoints')).body.data).toEqual([])
})

it('a document that cannot be is refused', async () => {
  const dangling = { subscriptions: [{ uid: 's', endpoint: 'nowhere' }] }
  expect(await world.call('PUT', '/v1/import', dangling)).toMatchObject(problem(400, 'invalid_request'))
  const misspelt = { endpoints: [{ uid: 'e', url: 'https://e.example/', colour: 'red' }] }
  expect(await world.call('PUT', '/v1/import', misspelt)).toMatchObject(problem(400, 'invalid_request'))
})
