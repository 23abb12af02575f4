import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { deliverGithub, GITHUB_TOKEN, startGithub, type FakeGithub } from '../support/providers/github.ts'
import { startStripe, STRIPE_KEY } from '../support/providers/stripe.ts'
import { Registering, startRelay } from '../support/registering.ts'

const { relay, running } = startRelay()

describe.concurrent('GitHub', () => {
  const target = { owner: 'octo', repository: 'demo' }
  const credentials = { token: GITHUB_TOKEN }
  const at = ({ url: baseUrl }: FakeGithub) => ({ baseUrl, target, credentials })
  const other = (id: number) => ({
    id,
    name: 'web',
    active: true,
    events: ['push'],
    config: { url: `https://ci.example/${id}`, content_type: 'json', insecure_ssl: '0' },
  })

  it('is told the URL and a secret, and what it sends is verified from the first ping on', async () => {
    const github = await running(startGithub())
    const registering = await Registering.of(relay, 'github')
    const receiver = await relay.receiver()
    await relay.endpoint(registering.source, receiver)
    const made = await registering.post({ ...at(github), events: ['push', 'issues'] })
    expect(made).toMatchObject({
      status: 201,
      body: { events: ['push', 'issues'], hookIds: ['1'], state: 'registered', url: registering.source.url },
    })
    expect(await Promise.all(github.pings)).toEqual([200])
    const [hook] = github.hooks
    expect(hook).toMatchObject({ active: true, events: ['push', 'issues'], config: { content_type: 'json' } })
    if (!hook) throw new Error('no hook')
    expect(await deliverGithub(hook, 'push', { ref: 'refs/heads/main' })).toBe(200)
    const forged = { ...hook, config: { ...hook.config, secret: 'guessed' } }
    expect(await deliverGithub(forged, 'push', { ref: 'refs/heads/evil' })).toBe(401)
    const types = (await relay.arrived(receiver, 2)).map(({ headers }) => headers['hookway-event-type'])
    expect(new Set(types)).toEqual(new Set(['ping', 'push']))
  })

  it('is not told twice, and is told again what has changed', async () => {
    const github = await running(startGithub())
    const registering = await Registering.of(relay, 'github')
    const first = await registering.post(at(github))
    const second = await registering.post({ ...at(github), events: ['release'] })
    expect([first.status, second.status, second.body.id]).toEqual([201, 200, first.body.id])
    expect(github.hooks.map(({ events }) => events)).toEqual([['release']])
    const [hook] = github.hooks
    expect(hook && (await deliverGithub(hook, 'release', {}))).toBe(200)
    expect(await registering.list()).toMatchObject([{ id: first.body.id, events: ['release'] }])
  })

  it('has a hook from before, which is taken over and then verifies', async () => {
    const github = await running(startGithub())
    const registering = await Registering.of(relay, 'github')
    const config = { ...other(7).config, url: registering.source.url, secret: 'of somebody else' }
    github.hooks.push(other(5), other(6), { ...other(7), config })
    const { status, body } = await registering.post(at(github))
    expect({ status, hookIds: body.hookIds }).toEqual({ status: 200, hookIds: ['7'] })
    const [, , hook] = github.hooks
    expect(hook && (await deliverGithub(hook, 'push', {}))).toBe(200)
  })

  it('lists its hooks over all pages, and loses only ours', async () => {
    const github = await running(startGithub())
    github.hooks.push(other(101), other(102), other(103))
    const registering = await Registering.of(relay, 'github')
    const { body } = await registering.post(at(github))
    const hooks = await registering.hooks(body, credentials)
    expect(hooks.map(({ id, pointsHere, registered }) => [id, pointsHere, registered])).toEqual([
      ['101', false, false],
      ['102', false, false],
      ['103', false, false],
      ['1', true, true],
    ])
    expect((await registering.remove(body)).body).toMatchObject({ code: 'conflict' })
    expect((await registering.deleteSource()).body).toMatchObject({ code: 'conflict' })
    expect((await registering.remove(body, credentials)).status).toBe(204)
    expect(github.hooks.map(({ id }) => id)).toEqual([101, 102, 103])
    expect(await registering.list()).toEqual([])
    expect((await registering.deleteSource()).status).toBe(204)
  })

  it('takes the kept credentials for everything after, and a hook that is gone is removed', async () => {
    const github = await running(startGithub())
    const registering = await Registering.of(relay, 'github')
    const { baseUrl } = at(github)
    const { body } = await registering.post({ ...at(github), keepCredentials: true })
    expect(body.keepsCredentials).toBe(true)
    expect(await registering.hooks(body)).toHaveLength(1)
    expect((await registering.post({ baseUrl, target, events: ['push'] })).status).toBe(200)
    expect((await registering.post({ baseUrl, target: { organization: 'octo' } })).body).toMatchObject({
      code: 'invalid_request',
      errors: [{ path: 'credentials' }],
    })
    const stranger = await registering.remove(body, { token: 'ghp_stranger' })
    expect(stranger.body).toMatchObject({
      code: 'provider_refused',
      detail: expect.stringMatching(/answered 404: Not Found\. .*`\?forget=true`/),
    })
    github.hooks.length = 0
    expect((await registering.remove(body)).status).toBe(204)
    expect(await registering.list()).toEqual([])
  })

  it.each([
    ['ghp_wrong', target, 422, /GitHub answered 401: Bad credentials: Bearer \*\*\*\. Check the credentials/],
    ['ghp_reader', target, 422, /answered 403: Resource not accessible .* need the scope `admin:repo_hook`/],
    [GITHUB_TOKEN, { owner: 'octo', repository: 'gone' }, 422, /answered 404: Not Found\. Check the target/],
    ['ghp_tired', target, 503, /answered 403: API rate limit exceeded/],
  ])('says what is wrong with %s at %j, and nothing is left', async (token, wrongTarget, status, detail) => {
    const github = await running(startGithub())
    const registering = await Registering.of(relay, 'github', { secrets: ['mine'] })
    const told = await registering.post({ ...at(github), target: wrongTarget, credentials: { token } })
    const code = status === 503 ? 'provider_unavailable' : 'provider_refused'
    expect(told).toMatchObject({ status, body: { code, detail: expect.stringMatching(detail) } })
    expect(told.headers.get('retry-after')).toBe(status === 503 ? '17' : null)
    expect(JSON.stringify(told.body)).not.toContain(token)
    expect([await registering.list(), await registering.secretCount()]).toEqual([[], 1])
  })

  it('says which event it does not know', async () => {
    const github = await running(startGithub())
    const registering = await Registering.of(relay, 'github')
    expect((await registering.post({ ...at(github), events: ['no_such_event'] })).body).toMatchObject({
      code: 'provider_refused',
      detail: expect.stringMatching(/422: Validation Failed .*"no_such_event.*cannot be subscribed/),
    })
  })
})

describe.concurrent('any provider', () => {
  const target = { owner: 'octo', repository: 'demo' }
  const credentials = { token: GITHUB_TOKEN }

  it('must not be in a private network, and leads nowhere else', async () => {
    const registering = await Registering.of(relay, 'github')
    const private_ = await registering.post({ baseUrl: 'https://10.0.0.1', target, credentials })
    expect(private_.body).toMatchObject({ code: 'target_refused', errors: [{ path: 'baseUrl' }] })
    const github = await running(startGithub())
    const { url: baseUrl } = await relay.receiver((_, response) =>
      response.writeHead(307, { location: `${github.url}/repos/octo/demo/hooks` }).end(),
    )
    expect((await registering.post({ baseUrl, target, credentials })).body).toMatchObject({
      detail: expect.stringMatching(/307: It redirects, which is not followed/),
    })
    expect(github.asked).toEqual([])
  })

  it('that fails, answers no JSON, or says nothing at all is told so', async () => {
    const registering = await Registering.of(relay, 'github')
    const asked = async (answer: (response: ServerResponse) => void) => {
      const { url: baseUrl } = await relay.receiver((_, response) => answer(response))
      return (await registering.post({ baseUrl, target, credentials })).body
    }
    expect(await asked((response) => response.writeHead(502).end('<html>'))).toMatchObject({
      code: 'provider_unavailable',
      detail: expect.stringMatching(/It answered 502\./),
    })
    expect(await asked((response) => response.end('<html>'))).toMatchObject({
      code: 'provider_refused',
      detail: expect.stringMatching(/not JSON: is this its API\?/),
    })
    expect(await asked((response) => response.destroy())).toMatchObject({ code: 'provider_unavailable' })
    expect(await registering.list()).toEqual([])
  })

  it('is registered once by two calls at the same time', async () => {
    const stripe = await running(startStripe())
    const registering = await Registering.of(relay, 'stripe')
    const ask = { baseUrl: stripe.url, credentials: { secretKey: STRIPE_KEY } }
    const both = await Promise.all([registering.post(ask), registering.post(ask)])
    expect(both.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(both.every(({ status }) => [200, 201, 409].includes(status))).toBe(true)
    expect(stripe.hooks).toHaveLength(1)
  })
})
