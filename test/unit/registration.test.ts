import { describe, expect, it } from 'vitest'
import { err, ok, type Result } from '../../src/model/result.ts'
import { connect } from '../../src/registrations/connection.ts'
import { ensureHooks, listHooks, removeHooks } from '../../src/registrations/register.ts'
import type { Hook, SentAnswer } from '../../src/registrations/registration.ts'
import { findRegistration, REGISTRATIONS } from '../../src/registrations/registry.ts'
import { findProvider } from '../../src/providers/registry.ts'

const URL = 'https://hooks.example/in/src_1'
const SIGNING = `whsec_${Buffer.alloc(32, 1).toString('base64')}`

/** No answer at all is a text: why. */
type Scripted = [status: number, body: unknown, headers?: Record<string, string>] | string

interface Sent {
  asked: string
  headers: Record<string, string>
  body: unknown
}

/** A connection to a provider that answers each request in turn; `sent` is what it was asked. */
function scripted(
  provider: string,
  answers: Scripted[],
  {
    credentials = { token: 'tok-1' },
    target = { owner: 'o', repository: 'r' },
    now = () => 0,
  }: { credentials?: Record<string, string>; target?: object; now?: () => number } = {},
) {
  const registration = findRegistration(provider)
  if (!registration) throw new Error('no such registration')
  const sent: Sent[] = []
  const send = async (url: string, init: RequestInit): Promise<Result<SentAnswer, string>> => {
    const headers = init.headers as Record<string, string>
    const text = typeof init.body === 'string' ? init.body : ''
    const isJson = headers['content-type'] === 'application/json'
    sent.push({ asked: `${init.method} ${url}`, headers, body: isJson ? JSON.parse(text) : text })
    const answer = answers.shift()
    if (typeof answer === 'string' || answer === undefined) return err(answer ?? 'nothing more is scripted')
    const [status, body, more = {}] = answer
    return ok({ status, headers: more, body: JSON.stringify(body ?? ''), isCut: false })
  }
  const baseUrl = registration.baseUrl(target) ?? 'https://psa.example'
  const settings = { registration, baseUrl, target, credentials, secrets: ['the-secret'] }
  return { connection: connect(settings, { send, now }), sent }
}

const wanted = (more: object = {}) => ({
  url: URL,
  name: 'Hookway: test',
  events: ['push'],
  secret: SIGNING as string | undefined,
  ...more,
})
const githubHook = (id: number, more: object = {}) => ({
  id,
  active: true,
  events: ['push'],
  config: { url: URL },
  ...more,
})

describe('each registration', () => {
  it.each(REGISTRATIONS)('$provider is of a provider that we verify, and has its default events', (each) => {
    const provider = findProvider(each.provider)
    expect(provider?.scheme).toBeDefined()
    expect(provider?.name).toBe(each.name)
    for (const event of each.events.default) expect(each.events.schema.parse(event)).toBe(event)
    expect(each.events.default.length).toBeLessThanOrEqual(each.events.max)
  })

  it('asks GitHub as its documentation says', async () => {
    const { connection, sent } = scripted('github', [
      [200, []],
      [201, githubHook(1)],
    ])
    expect(await ensureHooks(connection, wanted(), [])).toMatchObject({ ok: true, value: { isNew: true } })
    expect(sent.map(({ asked }) => asked)).toEqual([
      'GET https://api.github.com/repos/o/r/hooks?per_page=100&page=1',
      'POST https://api.github.com/repos/o/r/hooks',
    ])
    expect(sent[1]?.headers).toMatchObject({
      authorization: 'Bearer tok-1',
      accept: 'application/vnd.github+json',
      'user-agent': 'Hookway',
    })
    expect(sent[1]?.body).toEqual({
      name: 'web',
      active: true,
      events: ['push'],
      config: { url: URL, content_type: 'json', insecure_ssl: '0', secret: SIGNING },
    })
  })

  it('asks Stripe in forms', async () => {
    const hook = {
      id: 'we_1',
      url: URL,
      enabled_events: ['a.b', 'c.d'],
      status: 'enabled',
      secret: 'whsec_s',
    }
    const { connection, sent } = scripted(
      'stripe',
      [
        [200, { data: [], has_more: false }],
        [200, hook],
      ],
      {
        credentials: { secretKey: 'sk_1' },
        target: {},
      },
    )
    const ensured = await ensureHooks(connection, wanted({ events: ['a.b', 'c.d'], secret: undefined }), [])
    expect(ensured).toMatchObject({ ok: true, value: { secret: 'whsec_s', isNew: true } })
    expect(sent[1]).toMatchObject({
      asked: 'POST https://api.stripe.com/v1/webhook_endpoints',
      headers: { authorization: 'Bearer sk_1', 'content-type': 'application/x-www-form-urlencoded' },
      body: `url=${encodeURIComponent(URL)}&description=Hookway%3A+test&enabled_events%5B%5D=a.b&enabled_events%5B%5D=c.d`,
    })
  })

  it('asks Shopify at the shop, in GraphQL', async () => {
    const data = { webhookSubscriptions: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } }
    const webhookSubscription = { id: 'gid://1', topic: 'ORDERS_CREATE', uri: URL }
    const { connection, sent } = scripted(
      'shopify',
      [
        [200, { data }],
        [200, { data: { webhookSubscriptionCreate: { webhookSubscription, userErrors: [] } } }],
      ],
      { credentials: { accessToken: 'shpat_1' }, target: { shop: 'a.myshopify.com' } },
    )
    expect((await ensureHooks(connection, wanted({ events: ['ORDERS_CREATE'] }), [])).ok).toBe(true)
    expect(sent[1]?.asked).toMatch(
      /^POST https:\/\/a\.myshopify\.com\/admin\/api\/\d{4}-\d{2}\/graphql\.json$/,
    )
    expect(sent[1]?.headers).toMatchObject({ 'x-shopify-access-token': 'shpat_1' })
    expect(sent[1]?.body).toMatchObject({ variables: { topic: 'ORDERS_CREATE', uri: URL } })
  })

  it('asks HaloPSA for a token once, then for the hook and for its events', async () => {
    const hook = { id: 'b9f1', url: URL, active: true }
    const { connection, sent } = scripted(
      'halopsa',
      [
        [200, { access_token: 't-1' }],
        [200, []],
        [201, hook],
        [201, {}],
        [201, {}],
      ],
      {
        credentials: { clientId: 'c', clientSecret: 's', tenant: 'x y' },
        target: {},
      },
    )
    const ensured = await ensureHooks(connection, wanted({ events: ['3', '76'], secret: 'hookway:p:w' }), [])
    expect(ensured.ok).toBe(true)
    expect(sent.map(({ asked }) => asked)).toEqual([
      'POST https://psa.example/auth/token?tenant=x%20y',
      'GET https://psa.example/api/Webhook?type=0',
      'POST https://psa.example/api/Webhook',
      'POST https://psa.example/api/Notification',
      'POST https://psa.example/api/Notification',
    ])
    expect(sent[0]?.body).toBe('grant_type=client_credentials&client_id=c&client_secret=s&scope=all')
    expect(sent[2]?.headers['authorization']).toBe('Bearer t-1')
    expect(sent[2]?.body).toMatchObject([
      { basic_username: 'hookway', basic_password: 'p:w', batch_method: 0 },
    ])
    expect(sent[4]?.body).toMatchObject([{ webhook_id: 'b9f1', eventno: 76 }])
  })

  it.each([
    ['github', { owner: 'o', repository: '..' }],
    ['github', { owner: 'o/x', repository: 'r' }],
    ['gitlab', { project: '..' }],
    ['gitlab', { project: 'a/?b' }],
    ['shopify', { shop: 'evil.example' }],
    ['shopify', { shop: 'a.myshopify.com.evil.example' }],
  ])('of %s takes no target such as %j, which would lead elsewhere', (provider, target) => {
    expect(findRegistration(provider)?.target.safeParse(target).success).toBe(false)
  })
})

describe('making hooks', () => {
  it('takes the hook of somebody who was faster', async () => {
    const errors = [{ resource: 'Hook', message: 'Hook already exists on this repository' }]
    const { connection, sent } = scripted('github', [
      [200, []],
      [422, { message: 'Validation Failed', errors }],
      [200, [githubHook(7)]],
      [200, githubHook(7)],
    ])
    expect(await ensureHooks(connection, wanted(), [])).toMatchObject({
      ok: true,
      value: { isNew: false, hooks: [{ id: '7' }] },
    })
    expect(sent.at(-1)?.asked).toBe('PATCH https://api.github.com/repos/o/r/hooks/7')
  })

  it('finds a hook that it remembers although it calls another URL, and corrects it', async () => {
    const old = githubHook(3, { config: { url: 'https://old.example/in/src_1' } })
    const { connection, sent } = scripted('github', [
      [200, [old]],
      [200, githubHook(3)],
    ])
    expect(await ensureHooks(connection, wanted(), ['3'])).toMatchObject({ value: { isNew: false } })
    expect(sent[1]).toMatchObject({ body: { config: { url: URL } } })
  })

  it('leaves hooks alone that it neither made nor finds to be ours', async () => {
    const others = [githubHook(1, { config: { url: 'https://ci.example/' } })]
    const { connection, sent } = scripted('github', [
      [200, others],
      [201, githubHook(2)],
    ])
    await ensureHooks(connection, wanted(), [])
    expect(sent.map(({ asked }) => asked.split(' ')[0])).toEqual(['GET', 'POST'])
  })
})

describe('listing hooks', () => {
  it('goes on by the number in the link, never to its address, and not for ever', async () => {
    const link = { link: '<https://evil.example/steal?per_page=100&page=2>; rel="next"' }
    const pages = Array.from({ length: 20 }, () => [200, [githubHook(1)], link] as Scripted)
    const { connection, sent } = scripted('github', pages)
    expect(await listHooks(connection)).toMatchObject({ ok: true, value: { length: 10 } })
    expect(sent.every(({ asked }) => asked.startsWith('GET https://api.github.com/'))).toBe(true)
  })

  it('passes over what is no hook', async () => {
    const strange: unknown[] = [null, 1, { id: 'x' }, githubHook(4)]
    const { connection } = scripted('github', [[200, strange]])
    const listed = await listHooks(connection)
    expect(listed.ok && listed.value.map((hook: Hook) => hook.id)).toEqual(['4'])
  })
})

describe('removing hooks', () => {
  it('is done when they are gone already', async () => {
    const gone: Scripted = [404, { message: 'Not Found' }]
    const { connection } = scripted('github', [gone, [200, [githubHook(2)]], [204, undefined]])
    expect(await removeHooks(connection, ['1', '2'])).toEqual({ ok: true, value: undefined })
  })

  it('is not done when somebody without the right to them is told that there are none', async () => {
    const gone: Scripted = [404, { message: 'Not Found' }]
    const { connection } = scripted('github', [gone, gone])
    expect(await removeHooks(connection, ['1'])).toMatchObject({ ok: false, error: { status: 404 } })
  })

  it('stops at a refusal', async () => {
    const { connection, sent } = scripted('github', [[403, { message: 'Must have admin rights' }]])
    const removed = await removeHooks(connection, ['1', '2'])
    expect(removed).toEqual({
      ok: false,
      error: { kind: 'refused', status: 403, message: 'Must have admin rights' },
    })
    expect(sent).toHaveLength(1)
  })
})

describe('what a provider says of a failure', () => {
  it('shows neither credentials nor secrets, nor control characters, nor a novel', async () => {
    const message = `tok-1 and the-secret\u0007 ${'x'.repeat(1000)}`
    const { connection } = scripted('github', [[422, { message }]])
    const listed = await listHooks(connection)
    const said = listed.ok || listed.error.kind !== 'refused' ? '' : listed.error.message
    expect(said).toMatch(/^\*\*\* and \*\*\*  x{1,300}…$/)
    expect(said.length).toBeLessThan(310)
  })

  it('is also why there was no answer', async () => {
    const { connection } = scripted('github', ['connect to tok-1 refused'])
    expect(await listHooks(connection)).toEqual({
      ok: false,
      error: { kind: 'unreachable', message: 'connect to *** refused' },
    })
  })

  it.each([
    [429, {}, 60],
    [429, { 'retry-after': '5' }, 5],
    [403, { 'x-ratelimit-remaining': '0' }, 60],
    [403, { 'retry-after': '999999999' }, 86_400],
    [429, { 'retry-after': 'soon' }, 60],
  ])('is a limit: %i with %j, for %i seconds', async (status, headers, retryAfterSeconds) => {
    const { connection } = scripted('github', [[status, { message: 'slow down' }, headers]])
    expect(await listHooks(connection)).toEqual({
      ok: false,
      error: { kind: 'limited', status, message: 'slow down', retryAfterSeconds },
    })
  })

  it('ends when all together takes too long', async () => {
    let now = 0
    const link = { link: '<https://api.github.com/x?page=2>; rel="next"' }
    const pages = Array.from({ length: 9 }, () => [200, [], link] as Scripted)
    const { connection, sent } = scripted('github', pages, { now: () => (now += 20_000) })
    expect(await listHooks(connection)).toMatchObject({ ok: false, error: { kind: 'unreachable' } })
    expect(sent.length).toBeLessThan(4)
  })
})
