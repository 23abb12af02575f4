import { describe, expect, it } from 'vitest'
import { findSource } from '../../src/db/sources.ts'
import type { SourceId } from '../../src/model/id.ts'
import { err, ok } from '../../src/model/result.ts'
import type { Send } from '../../src/registrations/registration.ts'
import { at, makeWorld, problem, type World } from './api-world.ts'

interface Hook {
  id: number
  active: boolean
  events: string[]
  config: { url: string; secret?: string }
}

const TOKEN = 'ghp_never-shown-again'
const TARGET = { owner: 'octo', repository: 'demo' }
const ASK = { credentials: { token: TOKEN }, target: TARGET }
const WITH_TOKEN = { headers: { 'hookway-credentials': JSON.stringify(ASK.credentials) } }

/** A world in which GitHub keeps its hooks in `hooks`, wherever it is asked; while `isDown`, it does not answer. */
async function makeGithubWorld() {
  const hooks: Hook[] = []
  const github = { hooks, isDown: false, asked: [] as string[] }
  const send: Send = async (url, init) => {
    github.asked.push(`${init.method} ${url}`)
    if (github.isDown) return err('connection refused')
    const answer = (status: number, body?: unknown) =>
      ok({ status, headers: {}, body: body === undefined ? '' : JSON.stringify(body), isCut: false })
    const id = Number(/\/hooks\/(\d+)$/.exec(url)?.[1])
    const found = hooks.find((hook) => hook.id === id)
    if (init.method === 'GET') return answer(200, hooks)
    if (init.method === 'DELETE') hooks.splice(0, hooks.length, ...hooks.filter((hook) => hook.id !== id))
    if (init.method === 'DELETE') return found ? answer(204) : answer(404, { message: 'Not Found' })
    const given = JSON.parse(init.body as string) as Hook
    if (found) return answer(200, Object.assign(found, given))
    const made = { ...given, id: github.asked.length }
    hooks.push(made)
    return answer(201, made)
  }
  const world = await makeWorld({ send })
  const source = async (more: object = {}) =>
    (await world.call('POST', '/v1/sources', { provider: 'github', ...more })).body.id
  return { ...world, world, github, source }
}

/** What requests of the source are verified with, newest first. */
async function secretsOf({ deps }: World, id: string): Promise<string[]> {
  const { db, sealer, clock } = deps
  return (await findSource({ db, sealer, now: clock.now() }, id as SourceId))?.secrets ?? []
}

describe('a registration', () => {
  it('is kept, listed, read and removed', async () => {
    const { call, source, github } = await makeGithubWorld()
    const id = await source()
    const path = `/v1/sources/${id}/registrations`
    const made = await call('POST', path, ASK)
    expect(made).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^reg_/),
        sourceId: id,
        provider: 'github',
        baseUrl: 'https://api.github.com',
        target: TARGET,
        url: `https://hooks.example/in/${id}`,
        events: ['*'],
        state: 'registered',
        keepsCredentials: false,
      },
    })
    expect(made.headers.get('location')).toBe(`${path}/${made.body.id}`)
    expect((await call('GET', path)).body.data).toEqual([made.body])
    expect((await call('GET', `${path}/${made.body.id}`)).body).toEqual(made.body)
    expect((await call('GET', `${path}/reg_01ARZ3NDEKTSV4RRFFQ69G5FAV`)).status).toBe(404)
    expect(
      (await call('GET', `${path}/${made.body.id}/hooks`, undefined, WITH_TOKEN)).body.data,
    ).toMatchObject([{ pointsHere: true, registered: true }])
    expect((await call('DELETE', `${path}/${made.body.id}`, undefined, WITH_TOKEN)).status).toBe(204)
    expect([github.hooks, (await call('GET', path)).body.data]).toEqual([[], []])
  })

  it('calls the URL that the source was given for itself', async () => {
    const { call, source, github } = await makeGithubWorld()
    const id = await source({ publicUrl: 'https://hooks.acme.example/github' })
    await call('POST', `/v1/sources/${id}/registrations`, ASK)
    expect(github.hooks).toMatchObject([{ config: { url: 'https://hooks.acme.example/github' } }])
  })

  it('is found by the source’s uid, and by nobody of another tenant', async () => {
    const { call, source } = await makeGithubWorld()
    await source({ uid: 'gh' })
    const { body } = await call('POST', '/v1/sources/gh/registrations', ASK)
    const { body: tenant } = await call('POST', '/v1/tenants', { name: 'other' })
    const path = `/v1/sources/${String(body['sourceId'])}/registrations`
    expect((await call('GET', path, undefined, { tenant: tenant.id })).status).toBe(404)
    const theirs = await call('DELETE', `${path}/${body.id}?forget=true`, undefined, { tenant: tenant.id })
    expect(theirs.status).toBe(404)
  })

  it('needs the scopes of sources', async () => {
    const { call, source } = await makeGithubWorld()
    const id = await source()
    const path = `/v1/sources/${id}/registrations`
    const { token } = (await call('POST', '/v1/tokens', { name: 'r', scopes: ['sources:read'] })).body
    expect(await call('POST', path, ASK, { token })).toMatchObject(problem(403, 'forbidden'))
    expect((await call('GET', path, undefined, { token })).status).toBe(200)
    const removed = await call('DELETE', `${path}/reg_01ARZ3NDEKTSV4RRFFQ69G5FAV`, undefined, { token })
    expect(removed).toMatchObject(problem(403, 'forbidden'))
  })

  it('is made once for an idempotency key', async () => {
    const { call, source, github } = await makeGithubWorld()
    const path = `/v1/sources/${await source()}/registrations`
    const headers = { 'idempotency-key': 'once' }
    const first = await call('POST', path, ASK, { headers })
    const asked = github.asked.length
    expect(await call('POST', path, ASK, { headers })).toMatchObject({
      status: 201,
      body: { id: first.body.id },
    })
    expect(github.asked.length).toBe(asked)
  })

  it('is in the audit log, without its credentials', async () => {
    const { call, source, time } = await makeGithubWorld()
    const path = `/v1/sources/${await source()}/registrations`
    time.now += 1
    const { body } = await call('POST', path, { ...ASK, keepCredentials: true })
    time.now += 1
    await call('DELETE', `${path}/${body.id}`)
    const audit = (await call('GET', `/v1/audit?resourceId=${body.id}`)).body.data
    expect(audit).toMatchObject([
      {
        action: 'delete-sources-id-registrations-registrationId',
        resourceId: body.id,
        before: { id: body.id, target: TARGET },
        status: 204,
      },
      { action: 'post-sources-id-registrations', resourceId: body.id, after: { id: body.id }, status: 201 },
    ])
    expect(JSON.stringify(audit)).not.toContain(TOKEN)
  })

  it.each([
    [{ ...ASK, target: {} }, at('target.organization')],
    [{ ...ASK, target: { ...TARGET, colour: 'red' } }, at('target.colour')],
    [{ ...ASK, credentials: { token: '' } }, at('credentials.token')],
    [{ ...ASK, events: ['Push Event'] }, at('events.0')],
    [{ ...ASK, baseUrl: 'https://ghe.example/api/v3?x=1' }, at('baseUrl')],
    [{ target: TARGET }, at('credentials')],
    [{ ...ASK, colour: 'red' }, at('colour')],
  ])('names what is wrong with %j', async (body, fault) => {
    const { call, source, github } = await makeGithubWorld()
    const told = await call('POST', `/v1/sources/${await source()}/registrations`, body)
    expect(told).toMatchObject(problem(400, 'invalid_request', fault))
    expect(github.asked).toEqual([])
  })

  it('is not to be had of a provider whose hooks are made by hand', async () => {
    const { call } = await makeWorld()
    const { body } = await call('POST', '/v1/sources', { provider: 'generic' })
    const told = await call('POST', `/v1/sources/${body.id}/registrations`, ASK)
    expect(told).toMatchObject(problem(409, 'conflict'))
    expect(told.body['detail']).toContain('GitHub, GitLab, HaloPSA, Shopify, Stripe')
  })

  it('keeps its source from being deleted, until it is removed or forgotten', async () => {
    const { call, source, github } = await makeGithubWorld()
    const id = await source()
    const { body } = await call('POST', `/v1/sources/${id}/registrations`, ASK)
    expect(await call('DELETE', `/v1/sources/${id}`)).toMatchObject(problem(409, 'conflict'))
    const path = `/v1/sources/${id}/registrations/${body.id}`
    expect(await call('DELETE', path)).toMatchObject(problem(409, 'conflict'))
    const wrong = { headers: { 'hookway-credentials': '{"key":1}' } }
    expect(await call('DELETE', path, undefined, wrong)).toMatchObject(
      problem(400, 'invalid_request', at('header.hookway-credentials.token')),
    )
    expect((await call('DELETE', `${path}?forget=true`)).status).toBe(204)
    expect(github.hooks).toHaveLength(1)
    expect((await call('DELETE', `/v1/sources/${id}`)).status).toBe(204)
  })

  it('stays when the provider does not answer, and is removed when it does', async () => {
    const { call, source, github } = await makeGithubWorld()
    const path = `/v1/sources/${await source()}/registrations`
    const { body } = await call('POST', path, { ...ASK, keepCredentials: true })
    github.isDown = true
    expect(await call('DELETE', `${path}/${body.id}`)).toMatchObject(problem(503, 'provider_unavailable'))
    expect(await call('POST', path, ASK)).toMatchObject(problem(503, 'provider_unavailable'))
    expect((await call('GET', path)).body.data).toEqual([body])
    github.isDown = false
    expect((await call('DELETE', `${path}/${body.id}`)).status).toBe(204)
  })

  it('of a call that died is pending, and the next call finds what it made', async () => {
    const { call, source, github, deps, time } = await makeGithubWorld()
    const id = await source()
    const path = `/v1/sources/${id}/registrations`
    const { body } = await call('POST', path, ASK)
    // As if the isolate had gone between the provider's answer and ours.
    await deps.db
      .prepare(
        `UPDATE registrations SET settings = json_set(settings, '$.hookIds', json('[]')), leased_until = ?1`,
      )
      .bind(time.now + 120_000)
      .run()
    expect((await call('GET', `${path}/${body.id}`)).body['state']).toBe('pending')
    expect(await call('POST', path, ASK)).toMatchObject(problem(409, 'conflict'))
    expect(await call('DELETE', `${path}/${body.id}`, undefined, WITH_TOKEN)).toMatchObject(
      problem(409, 'conflict'),
    )
    time.now += 120_001
    expect(await call('POST', path, ASK)).toMatchObject({
      status: 200,
      body: { ...body, updatedAt: expect.anything() },
    })
    expect(github.hooks).toHaveLength(1)
  })
})

describe('the secret of a registration', () => {
  it('is the newest of the source at the provider itself, also after a rotation', async () => {
    const { call, source, github, world } = await makeGithubWorld()
    const id = await source({ secrets: ['mine'] })
    const path = `/v1/sources/${id}/registrations`
    await call('POST', path, ASK)
    expect(github.hooks).toMatchObject([{ config: { secret: 'mine' } }])
    await call('POST', `/v1/sources/${id}/secrets`, { secret: 'newer' })
    expect((await call('POST', path, ASK)).status).toBe(200)
    expect(github.hooks).toMatchObject([{ config: { secret: 'newer' } }])
    expect(await secretsOf(world, id)).toEqual(['newer', 'mine'])
  })

  it('is a new one anywhere else, so that nobody learns a secret by naming a server of his own', async () => {
    const { call, source, github, world } = await makeGithubWorld()
    const id = await source({ secrets: ['mine'] })
    const path = `/v1/sources/${id}/registrations`
    const there = { ...ASK, baseUrl: 'https://ghe.example/api/v3/' }
    await call('POST', path, there)
    const [first] = github.hooks.splice(0)
    expect(first?.config.secret).toMatch(/^[A-Za-z0-9+/]{43}=$/)
    expect(await secretsOf(world, id)).toEqual([first?.config.secret, 'mine'])
    // The same installation has it already.
    await call('POST', path, { ...there, target: { organization: 'octo' } })
    expect(github.hooks).toMatchObject([{ config: { secret: first?.config.secret } }])
    expect(await secretsOf(world, id)).toHaveLength(2)
    expect(github.asked[0]).toContain('GET https://ghe.example/api/v3/repos/octo/demo/hooks')
  })

  it('goes with the last registration that brought it', async () => {
    const { call, source, world } = await makeGithubWorld()
    const id = await source({ secrets: ['mine'] })
    const path = `/v1/sources/${id}/registrations`
    const there = { ...ASK, baseUrl: 'https://ghe.example/api/v3', keepCredentials: true }
    const first = await call('POST', path, there)
    const second = await call('POST', path, { ...there, target: { organization: 'octo' } })
    await call('DELETE', `${path}/${first.body.id}`)
    expect(await secretsOf(world, id)).toHaveLength(2)
    await call('DELETE', `${path}/${second.body.id}`)
    expect(await secretsOf(world, id)).toEqual(['mine'])
  })

  it('that is given becomes one of the source, and the one before it ends a day later', async () => {
    const { call, source, github, world, time } = await makeGithubWorld()
    const id = await source({ secrets: ['mine'] })
    const path = `/v1/sources/${id}/registrations`
    await call('POST', path, { ...ASK, secret: 'given' })
    await call('POST', path, { ...ASK, secret: 'given again' })
    expect(github.hooks).toMatchObject([{ config: { secret: 'given again' } }])
    expect(await secretsOf(world, id)).toEqual(['given again', 'given', 'mine'])
    time.now += 86_400_001
    expect(await secretsOf(world, id)).toEqual(['given again', 'mine'])
  })

  it('is not one too many', async () => {
    const { call, source, github, world } = await makeGithubWorld()
    const id = await source({ secrets: ['1', '2', '3', '4', '5'] })
    const path = `/v1/sources/${id}/registrations`
    expect(await call('POST', path, { ...ASK, secret: 'six' })).toMatchObject(problem(409, 'conflict'))
    expect([await secretsOf(world, id), github.hooks]).toEqual([['1', '2', '3', '4', '5'], []])
    expect((await call('GET', path)).body.data).toEqual([])
  })

  it('of a failed registration is not kept', async () => {
    const { call, source, github, world } = await makeGithubWorld()
    const id = await source({ secrets: ['mine'] })
    github.isDown = true
    const told = await call('POST', `/v1/sources/${id}/registrations`, { ...ASK, secret: 'given' })
    expect(told).toMatchObject(problem(503, 'provider_unavailable'))
    expect(await secretsOf(world, id)).toEqual(['mine'])
  })
})
