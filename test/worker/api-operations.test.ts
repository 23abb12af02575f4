import { beforeAll, describe, expect, it } from 'vitest'
import { makeWorld, type CallOptions, type World } from './api-world.ts'

interface Documented {
  operationId: string
  description: string
  parameters: { name: string; in: string }[]
  requestBody?: unknown
}

interface Case {
  name: string
  method: string
  path: string
  /** Undefined: only the root token may. */
  scope: string | undefined
  hasBody: boolean
  hasId: boolean
}

const ID = '01K00000000000000000000000'
const PREFIXES: Record<string, string> = {
  tenants: 'ten',
  tokens: 'tok',
  sources: 'src',
  endpoints: 'ep',
  subscriptions: 'sub',
  events: 'evt',
  deliveries: 'dlv',
  replays: 'rpl',
  erasures: 'era',
}

let world: World
let cases: Case[]
const tokens = new Map<string, string>()

/** Each promise is one test over all operations, so that a new operation is in it without being named. */
async function forAll(check: (each: Case) => Promise<unknown>, only: (each: Case) => boolean = () => true) {
  const failures: unknown[] = []
  for (const each of cases.filter(only)) {
    const failure = await check(each)
    if (failure !== undefined) failures.push({ operation: each.name, failure })
  }
  expect(failures).toEqual([])
}

/** A GET has no body. */
const ask = (method: string, path: string, body: object, options?: CallOptions) =>
  world.call(method, path, method === 'GET' ? undefined : body, options)

async function tokenOf(scopes: string[], tenant?: string): Promise<string> {
  const key = `${tenant ?? ''} ${scopes.join()}`
  const known = tokens.get(key)
  if (known !== undefined) return known
  const options = tenant === undefined ? {} : { tenant }
  const { token } = (await world.call('POST', '/v1/tokens', { name: key, scopes }, options)).body
  tokens.set(key, token)
  return token
}

/** What differs from a problem of this status, with everything a problem must say and nothing it must not. */
function faultOf(reply: Awaited<ReturnType<World['call']>>, statuses: number[], codes: string[]): unknown {
  const { status, body, headers } = reply
  const isProblem = headers.get('content-type') === 'application/problem+json'
  const isWhole = typeof body['detail'] === 'string' && body['requestId'] === headers.get('request-id')
  const isRight =
    statuses.includes(status) && codes.includes(String(body['code'])) && body['status'] === status
  return isProblem && isWhole && isRight ? undefined : { status, body }
}

beforeAll(async () => {
  world = await makeWorld()
  const { paths } = world.contract as { paths: Record<string, Record<string, Documented>> }
  cases = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => {
      const prefix = PREFIXES[path.split('/')[2] ?? ''] ?? 'evt'
      return {
        name: operation.operationId,
        method: method.toUpperCase(),
        path: path.replace('{id}', method === 'put' ? 'a-uid' : `${prefix}_${ID}`),
        scope: /scope `([^`]+)`/.exec(operation.description)?.[1],
        hasBody: operation.requestBody !== undefined,
        hasId: path.includes('{id}') && method !== 'put',
      }
    }),
  )
})

// Hundreds of calls each: on a busy machine that takes more than a test's usual time.
describe('every operation', { timeout: 30_000 }, () => {
  it('is one of many', () => {
    expect(cases.length).toBeGreaterThan(35)
  })

  it('is refused without a token, and with one that is none', () =>
    forAll(async ({ method, path }) => {
      for (const token of [null, 'hwk_nonsense']) {
        const fault = faultOf(await ask(method, path, {}, { token }), [401], ['unauthenticated'])
        if (fault !== undefined) return fault
      }
      return undefined
    }))

  it('is refused to a token of another tenant than the named one', async () => {
    const other = (await world.call('POST', '/v1/tenants', { name: 'other' })).body.id
    const token = await tokenOf(['*'])
    await forAll(async ({ method, path }) =>
      faultOf(await ask(method, path, {}, { token, tenant: other }), [403], ['forbidden']),
    )
  })

  it('is refused to a token without its scope, to read and to write each for itself', () =>
    forAll(async ({ method, path, scope }) => {
      const others = ['tokens:write', 'sources:write', 'events:write', 'audit:read']
      const missing = others.filter((each) => each.split(':')[0] !== scope?.split(':')[0])
      const near = scope?.endsWith(':write') === true ? [scope.replace(':write', ':read')] : []
      const token = await tokenOf([...missing, ...near])
      return faultOf(await ask(method, path, {}, { token }), [403], ['forbidden'])
    }))

  it('does not know an id that is unknown, of another kind, or no id', () =>
    forAll(
      async ({ method, path }) => {
        const base = path.slice(0, path.lastIndexOf(`_${ID}`)).replace(/[a-z]+$/, '')
        const rest = path.slice(path.lastIndexOf(ID) + ID.length)
        for (const id of [`dlv_${'0'.repeat(26)}`, `src_${'Z'.repeat(26)}`, 'no-such', '..%2f..', '%00']) {
          const reply = await ask(method, `${base}${id}${rest}`, method === 'PATCH' ? {} : VALID)
          const fault = faultOf(reply, [404, 400], ['not_found', 'invalid_request'])
          if (fault !== undefined) return { id, fault }
        }
        return undefined
      },
      ({ hasId }) => hasId,
    ))

  it('says what is wrong with a body that is malformed, of a wrong type, too deep or too large', () =>
    forAll(
      async ({ method, path }) => {
        const bodies: [string, number[]][] = [
          ['{"a":', [400, 404]],
          ['\u0000', [400, 404]],
          ['['.repeat(100), [400, 404]],
          ['[1,2]', [400, 404]],
          ['"text"', [400, 404]],
          ['null', [400, 404]],
          ['{"__nonsense__":1}', [400, 404]],
          [`{"a":"${'x'.repeat(1024 * 1024)}"}`, [413]],
        ]
        for (const [raw, statuses] of bodies) {
          const reply = await world.call(method, path, undefined, { raw })
          const codes = ['invalid_json', 'invalid_request', 'not_found', 'body_too_large']
          const fault = faultOf(reply, statuses, codes)
          if (fault !== undefined) return { raw: raw.slice(0, 30), fault }
        }
        return undefined
      },
      ({ hasBody }) => hasBody,
    ))

  it('knows no query parameter beyond those it documents', () =>
    forAll(
      async ({ method, path, hasId }) => {
        const reply = await world.call(method, `${path}?nonsense=1`)
        return faultOf(reply, hasId ? [400, 404] : [400], ['invalid_request', 'not_found'])
      },
      ({ method }) => method === 'GET',
    ))
})

const VALID = { gracePeriodSeconds: 0 }
