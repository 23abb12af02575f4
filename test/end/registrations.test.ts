import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deliverGithub, GITHUB_TOKEN, startGithub, type FakeGithub } from '../support/providers/github.ts'
import { deliverGitlab, GITLAB_TOKEN, startGitlab } from '../support/providers/gitlab.ts'
import { deliverHalopsa, HALO_CLIENT, startHalopsa } from '../support/providers/halopsa.ts'
import { deliverShopify, SHOPIFY_CLIENT, SHOPIFY_TOKEN, startShopify } from '../support/providers/shopify.ts'
import { deliverStripe, STRIPE_KEY, startStripe } from '../support/providers/stripe.ts'
import { Registering } from '../support/registering.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
const closing: (() => Promise<void>)[] = []
beforeAll(() => relay.start())
afterAll(async () => {
  await relay.stop()
  await Promise.all(closing.map((close) => close()))
})

/** Closed with the rest. */
async function running<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const provider = await starting
  closing.push(() => provider.close())
  return provider
}

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
    expect(types.toSorted()).toEqual(['ping', 'push'])
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

describe.concurrent('GitLab', () => {
  const credentials = { token: GITLAB_TOKEN }

  it.each([{ project: 'group/sub/demo' }, { group: '42' }])('signs for %j', async (target) => {
    const gitlab = await running(startGitlab())
    const registering = await Registering.of(relay, 'gitlab')
    const ask = { baseUrl: gitlab.url, target, credentials, events: ['merge_requests_events'] }
    const { status, body } = await registering.post(ask)
    expect({ status, hookIds: body.hookIds }).toEqual({ status: 201, hookIds: ['1'] })
    const [hook] = gitlab.hooks
    expect(hook).toMatchObject({ push_events: false, merge_requests_events: true })
    expect(hook?.token).toBeUndefined()
    expect(hook && (await deliverGitlab(hook, { object_kind: 'merge_request' }))).toBe(200)
    expect((await registering.post(ask)).status).toBe(200)
    expect(gitlab.hooks).toHaveLength(1)
    expect((await registering.remove(body, credentials)).status).toBe(204)
    expect(gitlab.hooks).toEqual([])
  })

  it('sends the secret along when it is too old to sign', async () => {
    const gitlab = await running(startGitlab({ isOld: true }))
    const registering = await Registering.of(relay, 'gitlab')
    await registering.post({ baseUrl: gitlab.url, target: { project: 'group/sub/demo' }, credentials })
    const [hook] = gitlab.hooks
    expect(hook?.signing_token).toBeUndefined()
    expect(hook && (await deliverGitlab(hook, { object_kind: 'push' }))).toBe(200)
    expect(hook && (await deliverGitlab({ ...hook, token: 'guessed' }, { object_kind: 'tag' }))).toBe(401)
  })

  it('says what is wrong', async () => {
    const { url: baseUrl } = await running(startGitlab())
    const registering = await Registering.of(relay, 'gitlab')
    const target = { project: 'group/other' }
    expect((await registering.post({ baseUrl, target, credentials })).body).toMatchObject({
      detail: expect.stringMatching(/^GitLab answered 404: 404 Project Not Found\./),
    })
    expect((await registering.post({ baseUrl, target, credentials: { token: 'no' } })).body).toMatchObject({
      detail: expect.stringMatching(/^GitLab answered 401: 401 Unauthorized\./),
    })
    expect((await registering.post({ baseUrl, target: { project: '..' }, credentials })).body).toMatchObject({
      errors: [{ path: 'target.project' }],
    })
  })
})

describe.concurrent('Stripe', () => {
  const credentials = { secretKey: STRIPE_KEY }

  it('says its secret, which becomes the source’s and goes with the registration', async () => {
    const stripe = await running(startStripe())
    const registering = await Registering.of(relay, 'stripe', { secrets: ['whsec_of_another_account'] })
    const ask = { baseUrl: stripe.url, credentials, events: ['invoice.paid'] }
    const { status, body } = await registering.post(ask)
    const [hook] = stripe.hooks
    expect({ status, hookIds: body.hookIds }).toEqual({ status: 201, hookIds: [hook?.id] })
    expect(JSON.stringify(body)).not.toContain(hook?.secret)
    expect(hook && (await deliverStripe(hook, { id: 'evt_1', type: 'invoice.paid' }))).toBe(200)
    expect((await registering.post({ ...ask, events: ['*'] })).status).toBe(200)
    expect(stripe.hooks).toMatchObject([{ enabled_events: ['*'] }])
    expect(await registering.secretCount()).toBe(2)
    expect((await registering.remove(body, credentials)).status).toBe(204)
    expect([stripe.hooks, await registering.secretCount()]).toEqual([[], 1])
    expect(hook && (await deliverStripe(hook, { id: 'evt_2', type: 'invoice.paid' }))).toBe(401)
  })

  it('has a hook whose secret nobody here knows, until it is given', async () => {
    const stripe = await running(startStripe())
    const registering = await Registering.of(relay, 'stripe')
    const { url } = registering.source
    const old = { id: 'we_old', url, enabled_events: ['*'], status: 'enabled', secret: 'whsec_known_there' }
    const others = ['we_a', 'we_b', 'we_c'].map((id) => ({ ...old, id, url: `https://${id}.example/` }))
    stripe.hooks.push(...others, old)
    const ask = { baseUrl: stripe.url, credentials }
    expect((await registering.post(ask)).body).toMatchObject({ code: 'conflict' })
    const { status, body } = await registering.post({ ...ask, secret: old.secret })
    expect({ status, hookIds: body.hookIds }).toEqual({ status: 200, hookIds: ['we_old'] })
    expect(stripe.hooks).toHaveLength(4)
    expect(await deliverStripe(old, { id: 'evt_3', type: 'invoice.paid' })).toBe(200)
  })

  it('says what is wrong', async () => {
    const { url: baseUrl } = await running(startStripe())
    const registering = await Registering.of(relay, 'stripe')
    expect(
      (await registering.post({ baseUrl, credentials: { secretKey: 'sk_test_wrong' } })).body,
    ).toMatchObject({
      detail: expect.stringMatching(/^Stripe answered 401: Invalid API Key provided/),
    })
    expect((await registering.post({ baseUrl, credentials, events: ['no.such.event'] })).body).toMatchObject({
      detail: expect.stringMatching(/^Stripe answered 400: Invalid enabled_events\[0\]/),
    })
  })
})

describe.concurrent('Shopify', () => {
  const target = { shop: 'demo.myshopify.com' }

  it('has a subscription for each topic, and those that are no longer wanted go', async () => {
    const shopify = await running(startShopify())
    const registering = await Registering.of(relay, 'shopify')
    const ask = { baseUrl: shopify.url, target, credentials: SHOPIFY_CLIENT }
    const events = ['orders/create', 'ORDERS_UPDATED', 'app/uninstalled']
    const first = await registering.post({ ...ask, events })
    expect(first).toMatchObject({
      status: 201,
      body: { events: ['ORDERS_CREATE', 'ORDERS_UPDATED', 'APP_UNINSTALLED'] },
    })
    expect(shopify.hooks.map(({ topic }) => topic)).toEqual(first.body.events)
    const [hook] = shopify.hooks
    expect(hook && (await deliverShopify(hook, { id: 1 }))).toBe(200)
    const second = await registering.post({ ...ask, events: ['orders/create', 'products/update'] })
    expect(second.status).toBe(200)
    expect(shopify.hooks.map(({ topic }) => topic)).toEqual(['ORDERS_CREATE', 'PRODUCTS_UPDATE'])
    expect((await registering.remove(first.body, SHOPIFY_CLIENT)).status).toBe(204)
    expect([shopify.hooks, await registering.secretCount()]).toEqual([[], 0])
  })

  it('takes an access token, when the source can verify without being told', async () => {
    const shopify = await running(startShopify())
    const credentials = { accessToken: SHOPIFY_TOKEN }
    const ask = { baseUrl: shopify.url, target, credentials, events: ['orders/create'] }
    const untold = await Registering.of(relay, 'shopify')
    expect((await untold.post(ask)).body).toMatchObject({ errors: [{ path: 'credentials.clientSecret' }] })
    const told = await Registering.of(relay, 'shopify', { secrets: [SHOPIFY_CLIENT.clientSecret] })
    expect((await told.post(ask)).status).toBe(201)
    const [hook] = shopify.hooks
    expect(hook && (await deliverShopify(hook, { id: 2 }))).toBe(200)
  })

  it('refuses with status 200, which is a refusal all the same; what it made before goes', async () => {
    const shopify = await running(startShopify())
    const registering = await Registering.of(relay, 'shopify', { secrets: ['mine'] })
    const ask = { baseUrl: shopify.url, target, credentials: SHOPIFY_CLIENT }
    expect((await registering.post({ ...ask, events: ['orders/create', 'no/such'] })).body).toMatchObject({
      code: 'provider_refused',
      detail: 'Shopify answered 200: Invalid topic specified.',
    })
    expect([shopify.hooks, await registering.list(), await registering.secretCount()]).toEqual([[], [], 1])
    for (const [credentials, detail] of [
      [{ accessToken: 'shpat_reader' }, /200: Access denied for webhookSubscriptions field\./],
      [{ accessToken: 'shpat_wrong' }, /401: \[API\] Invalid API key or access token/],
      [{ ...SHOPIFY_CLIENT, clientSecret: 'wrong' }, /400: Client authentication failed\./],
    ] as const) {
      const { body } = await registering.post({ ...ask, credentials })
      expect(body).toMatchObject({ detail: expect.stringMatching(detail) })
    }
  })
})

describe.concurrent('HaloPSA', () => {
  it('is given a user and a password, and each event as a notification', async () => {
    const halo = await running(startHalopsa())
    const registering = await Registering.of(relay, 'halopsa')
    const ask = { baseUrl: `${halo.url}/`, credentials: HALO_CLIENT }
    const { status, body } = await registering.post({ ...ask, events: ['3', '76'] })
    expect({ status, state: body.state, baseUrl: body.baseUrl }).toEqual({
      status: 201,
      state: 'registered',
      baseUrl: halo.url,
    })
    const [hook] = halo.hooks
    expect(hook).toMatchObject({ type: 0, authentication_type: 1, active: true, basic_username: 'hookway' })
    expect(hook?.events.map(({ eventno }) => eventno)).toEqual([3, 76])
    expect(hook && (await deliverHalopsa(hook, { id: 'n-1', event: 'New Ticket Logged' }))).toBe(200)
    expect(hook && (await deliverHalopsa({ ...hook, basic_password: 'guessed' }, { id: 'n-2' }))).toBe(401)
    expect((await registering.post({ ...ask, events: ['76', '39'] })).status).toBe(200)
    expect(halo.hooks).toHaveLength(1)
    expect(hook?.events.map(({ eventno }) => eventno).toSorted()).toEqual([39, 76])
    expect(hook && (await deliverHalopsa(hook, { id: 'n-3' }))).toBe(200)
    expect((await registering.remove(body, HALO_CLIENT)).status).toBe(204)
    expect(halo.hooks).toEqual([])
  })

  it('says what is wrong; a hook without its events does not stay', async () => {
    const halo = await running(startHalopsa())
    const registering = await Registering.of(relay, 'halopsa')
    expect((await registering.post({ credentials: HALO_CLIENT })).body).toMatchObject({
      errors: [{ path: 'baseUrl' }],
    })
    const ask = { baseUrl: halo.url, credentials: HALO_CLIENT }
    expect((await registering.post({ ...ask, events: ['3', '99999'] })).body).toMatchObject({
      detail: 'HaloPSA answered 400: The event does not exist.',
    })
    expect(halo.hooks).toEqual([])
    const wrong = { ...HALO_CLIENT, clientSecret: 'wrong' }
    expect((await registering.post({ ...ask, credentials: wrong })).body).toMatchObject({
      detail: 'HaloPSA answered 400: invalid_client.',
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
