import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import type { Script } from '../support/receiver.ts'
import { Relay, type Delivery } from '../support/relay.ts'

/** What an operator of the server may read there: the keys to everything else. */
const KEYS = new Set(['root-token', 'master-key'])

const SECRETS = {
  github: 'github-secret-90017',
  tokenHeader: 'token-in-header-90017',
  tokenQuery: 'token-in-query-90017',
  knock: 'hidden-header-90017',
  signing: `whsec_${Buffer.from('signing-secret-of-90017-32-bytes').toString('base64')}`,
  plain: 'plain-signing-secret-90017',
  password: 'basic-password-90017',
  bearer: 'bearer-token-90017',
  keyHeader: 'key-in-header-90017',
  keyQuery: 'key-in-query-90017',
  client: 'oauth-client-secret-90017',
  access: 'oauth-access-token-90017',
  jwt: 'jwt-signing-key-90017-of-32-bytes-',
  aws: 'aws-secret-access-key-90017',
  session: 'aws-session-token-90017',
  own: 'own-header-90017',
  fetched: 'fetch-header-90017',
}

const dataDir = mkdtempSync(join(tmpdir(), 'hookway-secrecy-'))
const relay = new Relay()
beforeAll(() => relay.start({ dataDir }))
afterAll(async () => {
  await relay.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const AUTHS = [
  { type: 'basic', username: 'us', password: SECRETS.password },
  { type: 'bearer', token: SECRETS.bearer },
  { type: 'apiKey', in: 'header', name: 'x-their-key', value: SECRETS.keyHeader },
  { type: 'apiKey', in: 'query', name: 'their_key', value: SECRETS.keyQuery },
  { type: 'jwt', alg: 'HS256', key: SECRETS.jwt, claims: {}, ttlSeconds: 60 },
  {
    type: 'awsSigv4',
    accessKeyId: 'AKID',
    secretAccessKey: SECRETS.aws,
    sessionToken: SECRETS.session,
    region: 'eu-central-1',
    service: 'execute-api',
  },
]

/** Fails at first, so that attempts wait in the endpoint, and repeats all that it was sent. */
const echo: Script = ({ path, headers, body }, response, count) =>
  response
    .writeHead(count === 1 ? 500 : 200, { 'x-echo': `${path} ${JSON.stringify(headers)}` })
    .end(`${path}\n${JSON.stringify(headers)}\n${body.toString()}`)

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile() && !KEYS.has(path.slice(dir.length + 1)))
}

/** As it is, and as its bytes would stand in what was encoded. */
function spellings(secret: string): string[] {
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '')
  return [secret, encodeURIComponent(secret), base64]
}

it('a secret is in nothing that a full run of real deliveries printed, stored or answered', async () => {
  const answers: unknown[] = []
  const shownOnce: string[] = []
  const call = async <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: object,
  ): Promise<T> => {
    const { secret, token, ...rest } = await relay.call<Record<string, unknown>>(method, path, body)
    for (const each of [secret, token])
      if (typeof each === 'string' && method === 'POST') shownOnce.push(each)
    answers.push(rest)
    return rest as T
  }
  const authority = await relay.receiver((_, response) =>
    response.end(JSON.stringify({ access_token: SECRETS.access, expires_in: 3600 })),
  )
  const lookup = await relay.receiver((_, response) => response.end('{"looked":"up"}'))
  const source = await call<{ id: string }>('POST', '/sources', {
    provider: 'github',
    secrets: [SECRETS.github],
    hidden: { header: 'x-knock', value: SECRETS.knock },
  })
  const byHeader = await call<{ id: string }>('POST', '/sources', {
    provider: 'generic-token',
    secrets: [SECRETS.tokenHeader],
    config: { header: 'x-their-token' },
  })
  const byQuery = await call<{ id: string }>('POST', '/sources', {
    provider: 'generic-token',
    secrets: [SECRETS.tokenQuery],
    config: { query: 'their_token' },
  })
  const sourceIds = [source.id, byHeader.id, byQuery.id]
  const oauth = {
    type: 'oauth2',
    tokenUrl: `${authority.url}/t`,
    clientId: 'us',
    clientSecret: SECRETS.client,
  }
  const endpoints: string[] = []
  for (const auth of [...AUTHS, oauth]) {
    const { url } = await relay.receiver(echo)
    const { id } = await call<{ id: string }>('POST', '/endpoints', {
      url,
      sourceIds,
      auth,
      secret: endpoints.length === 0 ? SECRETS.plain : SECRETS.signing,
      signing: endpoints.length === 0 ? { scheme: 'sha256-hex' } : { scheme: 'standard' },
      headers: { 'x-our-secret': SECRETS.own },
      forwardPath: true,
      retry: { scheduleSeconds: [0, 1] },
    })
    endpoints.push(id)
  }
  const transform = {
    steps: [
      { kind: 'fetch', url: lookup.url, headers: { authorization: SECRETS.fetched }, into: 'body.looked' },
    ],
  }
  const fed = await relay.receiver()
  const enriched = await call<{ id: string }>('POST', '/endpoints', { url: fed.url, secret: SECRETS.signing })
  await call('POST', '/subscriptions', { endpointId: enriched.id, sourceIds: [source.id], transform })

  const sent = [
    relay.post(source, '{"a":1}', { secret: SECRETS.github, headers: { 'x-knock': SECRETS.knock } }),
    fetch(`${relay.url}/in/${byHeader.id}/p`, {
      method: 'POST',
      body: '{"b":1}',
      headers: { 'x-their-token': SECRETS.tokenHeader },
    }),
    fetch(`${relay.url}/in/${byQuery.id}?their_token=${SECRETS.tokenQuery}&x=1`, {
      method: 'POST',
      body: '{"c":1}',
    }),
  ]
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200])
  // Right secrets at wrong places, which is how they get into logs.
  const refused = [
    relay.post(source, `{"token":"${SECRETS.github}"}`, {
      secret: 'wrong',
      headers: { 'x-knock': SECRETS.knock, 'x-misplaced': SECRETS.github },
    }),
    relay.post(source, '{}', { headers: { 'x-knock': 'wrong' } }),
    fetch(`${relay.url}/in/${byHeader.id}?token=${SECRETS.tokenHeader}`, {
      method: 'POST',
      body: SECRETS.tokenHeader,
      headers: { 'x-other': SECRETS.tokenHeader },
    }),
    fetch(`${relay.url}/in/${byQuery.id}`, { method: 'POST', body: `t=${SECRETS.tokenQuery}` }),
  ]
  expect((await Promise.all(refused)).map(({ status }) => status)).toEqual([401, 404, 401, 401])

  const deliveries = await eventually(
    async () => {
      const { data } = await relay.call<{ data: Delivery[] }>('GET', '/deliveries?limit=250')
      return data.filter(({ status }) => status === 'delivered').length === 22 ? data : undefined
    },
    { withinMs: 60_000, what: () => 'not all delivered' },
  )
  expect(lookup.received[0]?.headers.authorization).toBe(SECRETS.fetched)
  expect(authority.received.length).toBeGreaterThan(0)
  for (const { id } of deliveries) await call('GET', `/deliveries/${id}`)
  const { data: events } = await relay.call<{ data: { id: string }[] }>('GET', '/events')
  for (const { id } of events) await call('GET', `/events/${id}`)
  await eventually(
    async () =>
      (await relay.call<{ data: unknown[] }>('GET', '/rejections')).data.length >= 3 ? true : undefined,
    { withinMs: 20_000, what: () => 'not all refusals kept' },
  )
  for (const path of [
    'sources',
    'endpoints',
    'subscriptions',
    'rejections',
    'audit',
    'events',
    'deliveries',
    'export',
    'health',
  ]) {
    await call('GET', `/${path}`)
  }
  await call('POST', `/endpoints/${endpoints[0]}/tests`, {})
  expect(await relay.terminate()).toBe(0)

  const files = filesIn(dataDir)
  expect(files.length).toBeGreaterThan(8)
  const places: [string, string][] = [
    ['printed', relay.output],
    ['answers', JSON.stringify(answers)],
    ...files.map((path): [string, string] => [path.slice(dataDir.length), readFileSync(path, 'latin1')]),
  ]
  const leaks = [...Object.values(SECRETS), ...shownOnce].flatMap((secret) =>
    places
      .filter(([, content]) => spellings(secret).some((each) => content.includes(each)))
      .map(([place]) => `${secret} in ${place}`),
  )
  expect(leaks).toEqual([])
}, 120_000)
