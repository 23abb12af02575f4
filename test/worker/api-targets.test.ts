import { beforeAll, describe, expect, it } from 'vitest'
import { makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const again = (...paths: string[]) =>
  problem(422, 'secret_required', {
    errors: paths.map((path) => ({ path, message: expect.any(String) })),
  })
const given = {
  url: 'https://crm.example/hook',
  auth: { type: 'bearer', token: 'known to its owner' },
  headers: { 'x-api-key': 'as well', 'x-team': 'blue' },
}
const create = async (more: object = {}) =>
  (await world.call('POST', '/v1/endpoints', { ...given, ...more })).body.id
const patch = (id: string, body: object) => world.call('PATCH', `/v1/endpoints/${id}`, body)

describe('a stored secret', () => {
  it.each(['https://evil.example/hook', 'https://crm.example:8443/hook', 'http://crm.example/hook'])(
    'does not follow the url to %s',
    async (url) => {
      const id = await create()
      expect(await patch(id, { url })).toMatchObject(again('auth.token', 'headers.x-api-key'))
      expect((await world.call('GET', `/v1/endpoints/${id}`)).body).toMatchObject({ url: given.url })
    },
  )

  it('stays while only the path changes, and when it is given again', async () => {
    const id = await create()
    expect((await patch(id, { url: 'https://crm.example/v2?x=1' })).status).toBe(200)
    const url = 'https://crm-two.example/hook'
    expect(await patch(id, { url, auth: given.auth })).toMatchObject(again('headers.x-api-key'))
    const { auth, headers } = given
    expect((await patch(id, { url, auth, headers })).status).toBe(200)
  })

  it('may be left behind', async () => {
    const id = await create()
    const without = { url: 'https://other.example/', auth: { type: 'none' }, headers: {} }
    expect((await patch(id, without)).status).toBe(200)
  })

  it('of an OAuth client does not follow the token server, nor its tokens the url', async () => {
    const auth = {
      type: 'oauth2',
      tokenUrl: 'https://login.example/t',
      clientId: 'c',
      clientSecret: 'known to its owner',
    }
    const id = await create({ auth, headers: {} })
    const masked = { ...auth, clientSecret: '***' }
    const moved = { ...masked, tokenUrl: 'https://evil.example/t' }
    expect(await patch(id, { auth: moved })).toMatchObject(again('auth.clientSecret'))
    expect(await patch(id, { url: 'https://evil.example/' })).toMatchObject(again('auth.clientSecret'))
    expect((await patch(id, { auth: { ...masked, tokenUrl: 'https://login.example/v2' } })).status).toBe(200)
  })

  it('does not follow a PUT by uid or an import either', async () => {
    await create({ uid: 'crm' })
    const masked = { url: 'https://evil.example/', auth: { type: 'bearer', token: '***' } }
    expect(await world.call('PUT', '/v1/endpoints/crm', masked)).toMatchObject(again('auth.token'))
    const endpoints = [{ uid: 'crm', url: 'https://evil.example/' }]
    expect(await world.call('PUT', '/v1/import', { endpoints })).toMatchObject(
      again('endpoints.0.auth.token', 'endpoints.0.headers.x-api-key'),
    )
  })
})
