import type { World } from './api-world.ts'

/** What a caller gives that must not come back. */
export const SECRETS = [
  'given-to-a-source-5581',
  'whsec_Z2l2ZW4tdG8tYW4tZW5kcG9pbnQtNTU4MS1naXZlbg==',
  'Bearer-header-5581',
  'hidden-value-5581',
  'wrong-body-5581',
  'ghp_for-the-provider-5581',
  'given-to-a-provider-5581',
  'shared-value-5581',
  'fetch-header-5581',
  'request-header-5581',
]

/** Makes, changes, rotates, breaks, lists and removes everything that holds a secret. */
export async function runEverything(world: World): Promise<{ answers: unknown[]; shownOnce: string[] }> {
  const [
    given = '',
    whsec = '',
    bearer = '',
    hidden = '',
    wrong = '',
    providerToken = '',
    told = '',
    shared = '',
    fetched = '',
    set = '',
  ] = SECRETS
  const answers: unknown[] = []
  const shownOnce: string[] = []
  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const reply = await world.call(method, path, body, { headers })
    const { secret, token, ...rest } = reply.body
    // Shown once, in the answer to what made them.
    for (const each of [secret, token])
      if (typeof each === 'string' && method === 'POST') shownOnce.push(each)
    answers.push(reply.status, rest, [...reply.headers])
    return reply.body
  }
  await call('PUT', '/v1/secrets/SHARED', { value: shared })
  const named = { url: 'https://s.example/', auth: { type: 'bearer', token: { $secret: 'SHARED' } } }
  await call('PUT', '/v1/import', { endpoints: [{ uid: 'named', ...named }] })
  await call('GET', '/v1/export')
  const source = await call('POST', '/v1/sources', {
    provider: 'github',
    secrets: [given],
    hidden: { header: 'x-hidden', value: hidden },
  })
  await call('POST', '/v1/sources', { provider: 'github' }, { 'idempotency-key': 'k' })
  await call('POST', `/v1/sources/${source.id}/secrets`, {})
  const ask = { credentials: { token: providerToken }, target: { organization: 'octo' }, secret: told }
  const path = `/v1/sources/${source.id}/registrations`
  const registration = await call('POST', path, { ...ask, keepCredentials: true })
  await call('GET', path)
  await call('DELETE', `${path}/${registration.id}`)
  const endpoint = await call('POST', '/v1/endpoints', {
    url: 'https://r.example/',
    secret: whsec,
    headers: { authorization: bearer },
  })
  await call('POST', `/v1/endpoints/${endpoint.id}/secrets`, {}, { 'idempotency-key': 'k2' })
  await call('PATCH', `/v1/endpoints/${endpoint.id}`, { headers: { 'x-api-key': bearer } })
  const steps = [
    { kind: 'fetch', url: 'https://a.example/', headers: { authorization: fetched }, into: 'body.a' },
    { kind: 'request', headers: { 'x-api-key': set, 'x-plain': 'p' } },
  ]
  const made = { endpointId: endpoint.id, name: 'sealed', transform: { steps } }
  const subscription = await call('POST', '/v1/subscriptions', made)
  await call('PATCH', `/v1/subscriptions/${subscription.id}`, { name: 'sealed again' })
  await call('GET', `/v1/subscriptions/${subscription.id}/versions`)
  const token = await call('POST', '/v1/tokens', { name: 't', scopes: ['*'] })
  await call('POST', '/v1/endpoints', { url: 'https://10.0.0.1/', secret: whsec })
  await call('POST', '/v1/endpoints', { url: 'https://r.example/', secret: wrong })
  await call('PATCH', `/v1/sources/${source.id}`, { colour: hidden })
  for (const path of [
    'sources',
    'endpoints',
    'tokens',
    'audit',
    'secrets',
    'deliveries',
    'events',
    'health',
    'metrics',
  ]) {
    await call('GET', `/v1/${path}`)
  }
  for (const path of [`sources/${source.id}`, `endpoints/${endpoint.id}`, `tokens/${token.id}`]) {
    await call('GET', `/v1/${path}`)
    await call('DELETE', `/v1/${path}`)
  }
  await call('GET', '/v1/audit')
  return { answers, shownOnce }
}
