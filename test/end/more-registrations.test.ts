import { describe, expect, it } from 'vitest'
import { deliverGitlab, GITLAB_TOKEN, startGitlab } from '../support/providers/gitlab.ts'
import { deliverHalopsa, HALO_CLIENT, startHalopsa } from '../support/providers/halopsa.ts'
import { deliverShopify, SHOPIFY_CLIENT, SHOPIFY_TOKEN, startShopify } from '../support/providers/shopify.ts'
import { deliverStripe, STRIPE_KEY, startStripe } from '../support/providers/stripe.ts'
import { Registering, startRelay } from '../support/registering.ts'

const { relay, running } = startRelay()

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
