import { beforeAll, describe, expect, it } from 'vitest'
import { findSource } from '../../src/db/sources.ts'
import { getEndpoint } from '../../src/db/endpoints.ts'
import type { SourceId } from '../../src/model/id.ts'
import { unmaskSecrets } from '../../src/model/masked.ts'
import { at, makeWorld, problem, type World } from './api-world.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})

const put = (name: string, value: string, more: object = {}) =>
  world.call('PUT', `/v1/secrets/${name}`, { value, ...more })
const apply = async (document: object, query = '') => {
  const reply = await world.call('PUT', `/v1/import${query}`, document)
  return { ...reply, changes: reply.body['changes'] as { uid: string; action: string }[] }
}
const secret = ($secret: string) => ({ $secret })
const SIGNING = 'whsec_Z2l2ZW4tdG8tYW4tZW5kcG9pbnQtNTU4MS1naXZlbg=='
const document = {
  sources: [{ uid: 'github', provider: 'github', secrets: [secret('GITHUB')] }],
  endpoints: [
    {
      uid: 'crm',
      url: 'https://crm.example/',
      secret: secret('CRM_SIGNING'),
      auth: { type: 'bearer', token: secret('CRM_TOKEN') },
      headers: { 'X-Api-Key': secret('CRM_TOKEN'), 'x-team': 'blue' },
    },
  ],
}

/** What the data path would use. */
async function used() {
  const { db, sealer } = world.deps
  const endpoint = await getEndpoint(db, { tenantId: 'default', uid: 'crm' })
  const source = (await world.call('GET', '/v1/sources/github')).body.id as SourceId
  if (!endpoint) throw new Error('no endpoint')
  const { id, sealed = {}, secrets } = endpoint
  const { auth, headers } = await unmaskSecrets(endpoint.settings, { sealed, id, sealer })
  const signing = await Promise.all(secrets.map((each) => sealer.open(each.sealed, id)))
  const found = await findSource({ db, sealer, now: world.time.now, fresh: true }, source)
  return { auth, headers, signing, verifying: found?.secrets }
}

describe('a shared secret', () => {
  it('is written, and then only its name is shown', async () => {
    expect((await put('CRM_TOKEN', 'first-token')).status).toBe(201)
    expect((await put('CRM_SIGNING', SIGNING)).status).toBe(201)
    const made = await put('GITHUB', 'first-github')
    expect(made.body).toMatchObject({ name: 'GITHUB', usedBy: { sources: [], endpoints: [] } })
    const list = await world.call('GET', '/v1/secrets')
    expect(list.body.data).toHaveLength(3)
    expect(list.body.data[0]).toEqual({
      name: 'CRM_SIGNING',
      createdAt: '2026-01-02T00:00:00.000Z',
      updatedAt: '2026-01-02T00:00:00.000Z',
    })
    const { body: audit } = await world.call('GET', '/v1/audit')
    expect(JSON.stringify([made, list, audit])).not.toContain('first-')
  })

  it('is what an import takes for its name', async () => {
    expect(await apply(document)).toMatchObject({ status: 200 })
    expect(await used()).toEqual({
      auth: { type: 'bearer', token: 'first-token' },
      headers: { 'X-Api-Key': 'first-token', 'x-team': 'blue' },
      signing: [SIGNING],
      verifying: ['first-github'],
    })
    const { body } = await world.call('GET', '/v1/secrets/CRM_TOKEN')
    expect(body).toMatchObject({ usedBy: { endpoints: [expect.stringMatching(/^ep_/)] } })
  })

  it('is named by an export, which changes nothing', async () => {
    const { body } = await world.call('GET', '/v1/export')
    const { unnamed: _, ...exported } = body as Record<string, unknown>
    expect(exported).toMatchObject(document)
    expect((await apply(exported)).changes.map(({ action }) => action)).toEqual(['none', 'none'])
    expect((await apply(document)).changes.map(({ action }) => action)).toEqual(['none', 'none'])
  })

  it('rotated, is the new one wherever it is named, and the one before still verifies and signs for a while', async () => {
    const { version: before } = (await getEndpoint(world.deps.db, { tenantId: 'default', uid: 'crm' })) ?? {}
    await put('CRM_TOKEN', 'second-token')
    await put('GITHUB', 'second-github', { gracePeriodSeconds: 60 })
    const next = 'whsec_bmV4dC1naXZlbi10by1hbi1lbmRwb2ludC01NTgxLW5leHQ='
    await put('CRM_SIGNING', next, { gracePeriodSeconds: 60 })
    expect(await used()).toMatchObject({
      auth: { token: 'second-token' },
      headers: { 'X-Api-Key': 'second-token' },
      signing: [next, SIGNING],
      verifying: ['second-github', 'first-github'],
    })
    expect(world.did).toContain(`changed v${(before ?? 0) + 2} active`)
    world.time.now += 61_000
    expect(await used()).toMatchObject({ verifying: ['second-github'] })
    expect((await apply(document)).changes.map(({ action }) => action)).toEqual(['none', 'none'])
  })

  it('given the same value again changes nothing', async () => {
    const { body } = await world.call('GET', '/v1/endpoints/crm')
    expect((await put('CRM_TOKEN', 'second-token')).status).toBe(200)
    expect((await world.call('GET', '/v1/endpoints/crm')).body).toEqual(body)
  })

  it('is not changed to what its users could not do with', async () => {
    const refused = problem(400, 'invalid_request', at('value', expect.stringContaining('auth.token')))
    expect(await put('CRM_TOKEN', 'no header may\nhold this')).toMatchObject(refused)
    expect(await put('CRM_SIGNING', 'whsec_dG9vIHNob3J0')).toMatchObject(problem(400, 'invalid_request'))
    expect(await used()).toMatchObject({ auth: { token: 'second-token' } })
  })

  it('is deleted only when nothing names it', async () => {
    expect(await world.call('DELETE', '/v1/secrets/GITHUB')).toMatchObject(problem(409, 'conflict'))
    await world.call('PATCH', '/v1/endpoints/crm', { auth: { type: 'none' }, headers: {} })
    expect((await world.call('DELETE', '/v1/secrets/CRM_TOKEN')).status).toBe(204)
    expect(await world.call('GET', '/v1/secrets/CRM_TOKEN')).toMatchObject(problem(404, 'not_found'))
  })
})

describe('a name in a document', () => {
  it('that is of no secret is refused, also by a dry run', async () => {
    for (const query of ['', '?dryRun=true']) {
      const reply = await apply(
        { sources: [{ uid: 's', provider: 'github', secrets: [secret('NONE')] }] },
        query,
      )
      expect(reply).toMatchObject(problem(400, 'invalid_request', at('sources.0.secrets.0')))
    }
  })

  it('is refused where the value would be shown', async () => {
    await put('SHOWN', 'must-not-be-shown')
    for (const fields of [{ headers: { 'x-team': secret('SHOWN') } }, { name: secret('SHOWN') }]) {
      const reply = await apply({ endpoints: [{ uid: 'e', url: 'https://e.example/', ...fields }] })
      expect(reply).toMatchObject(problem(400, 'invalid_request', { errors: [expect.anything()] }))
    }
    const source = { uid: 's', provider: 'generic', name: secret('SHOWN') }
    expect(await apply({ sources: [source] })).toMatchObject(problem(400, 'invalid_request'))
    const { body } = await world.call('GET', '/v1/export')
    expect(JSON.stringify(body)).not.toContain('must-not-be-shown')
  })

  it('is for documents only', async () => {
    const endpoint = { url: 'https://e.example/', auth: { type: 'bearer', token: secret('SHOWN') } }
    const reply = await world.call('POST', '/v1/endpoints', endpoint)
    expect(reply).toMatchObject(problem(400, 'invalid_request', at('auth.token')))
  })

  it('gives way to a value that is given since', async () => {
    await world.call('PUT', '/v1/sources/github', { provider: 'github', secrets: ['by hand'] })
    await put('GITHUB', 'third-github')
    expect(await used()).toMatchObject({ verifying: ['by hand'] })
    expect((await apply({ sources: document.sources }, '?dryRun=true')).body).toMatchObject({
      changes: [{ uid: 'github', action: 'update', fields: ['secrets'] }],
    })
  })
})

describe('the header value of a hidden source', () => {
  it('is not shown, stays where *** is sent back, and is what the data path compares', async () => {
    const hidden = { header: 'x-hook', value: 'known to the sender' }
    const { body: made } = await world.call('POST', '/v1/sources', {
      provider: 'generic',
      hidden,
      uid: 'hid',
    })
    const shown = { hidden: { header: 'x-hook', value: '***' } }
    expect(made).toMatchObject(shown)
    const find = async () => {
      const { db, sealer } = world.deps
      return (await findSource({ db, sealer, now: world.time.now, fresh: true }, made.id as SourceId))
        ?.settings
    }
    expect(await find()).toMatchObject({ hidden })
    await world.call('PATCH', '/v1/sources/hid', { state: 'paused' })
    await world.call('PUT', '/v1/sources/hid', { provider: 'generic', ...shown })
    expect(await find()).toMatchObject({ hidden, state: 'active' })
    const etag = async () => (await world.call('GET', '/v1/sources/hid')).headers.get('etag')
    const before = await etag()
    await world.call('PUT', '/v1/sources/hid', { provider: 'generic', hidden })
    expect(await etag()).toBe(before)
    const reply = await world.call('POST', '/v1/sources', { provider: 'generic', ...shown })
    expect(reply).toMatchObject(problem(400, 'invalid_request', at('hidden.value')))
    await world.call('PATCH', '/v1/sources/hid', { hidden: { ...hidden, value: 'another' } })
    expect(await find()).toMatchObject({ hidden: { value: 'another' } })
  })
})
