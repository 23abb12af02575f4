import { request, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Relay, SECRET } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  requestId: string
  errors?: { path: string; message: string }[]
}

/** The problem that an answer holds, and nothing but a problem. */
async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = (await response.json()) as Problem
  expect(problem).toMatchObject({
    type: `https://hookway.dev/problems/${problem.code}`,
    title: expect.any(String),
    status: response.status,
    requestId: expect.stringMatching(/^req_/),
  })
  return problem
}

function api(method: string, path: string, body?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${relay.token}`, 'content-type': 'application/json' }
  return fetch(`${relay.url}/v1${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
}

describe.concurrent('a target is refused', () => {
  it.each([
    ['decimal', 'https://2852039166/'],
    ['octal', 'https://0251.0376.0251.0376/'],
    ['hex', 'https://0xa9fea9fe/'],
    ['hex by parts', 'https://0xa9.0xfe.0xa9.0xfe/'],
    ['short', 'https://10.1/'],
    ['percent-encoded', 'https://169.254.169.25%34/'],
    ['full-width', 'https://１６９.254.169.254/'],
    ['with a trailing dot', 'https://169.254.169.254./'],
    ['mapped into IPv6', 'https://[::ffff:169.254.169.254]/'],
    ['mapped in hex', 'https://[::ffff:a9fe:a9fe]/'],
    ['translated (NAT64)', 'https://[64:ff9b::a9fe:a9fe]/'],
    ['6to4', 'https://[2002:a9fe:a9fe::]/'],
    ['a wildcard name', 'https://169-254-169-254.nip.io/'],
    ['decimal loopback, although loopback is allowed here', 'http://2130706433/'],
    ['octal loopback', 'http://0177.0.0.1/'],
    ['short loopback', 'http://127.1/'],
  ])('in an unusual spelling: %s', async (_, url) => {
    const refused = await api('POST', '/endpoints', JSON.stringify({ url }))
    expect(await problemOf(refused)).toMatchObject({ status: 400, code: 'target_refused' })
  })

  it.each([
    'https://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://0.0.0.0/',
    'https://255.255.255.255/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://[::]/',
    'https://localhost./',
    'https://metadata.google.internal/',
    'https://db.corp/',
    'https://printer.local/',
    'https://intranet/',
    'https://user:password@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'http://93.184.216.34/',
    'no url',
  ])('that is private, or no https: %s', async (url) => {
    const refused = await api('POST', '/endpoints', JSON.stringify({ url }))
    const problem = await problemOf(refused)
    expect(problem).toMatchObject({ status: 400, code: 'target_refused', errors: [{ path: 'url' }] })
    expect(problem.detail).not.toContain('password')
  })

  it('also when an endpoint is to move there, which then stays where it is', async () => {
    const { receiver, endpoint } = await relay.path()
    const url = 'https://10.0.0.1/'
    const refused = await api('PATCH', `/endpoints/${endpoint.id}`, JSON.stringify({ url }))
    expect(await problemOf(refused)).toMatchObject({ code: 'target_refused' })
    expect(await relay.call('GET', `/endpoints/${endpoint.id}`)).toMatchObject({ url: receiver.url })
  })
})

describe.concurrent('a request to a source', () => {
  it('with a wrong signature is refused, and its owner reads why and no secret', async () => {
    const { source, receiver } = await relay.path()
    const wrong = await relay.post(source, `{"leak":"${SECRET}"}`, { secret: 'another secret' })
    expect(await problemOf(wrong)).toMatchObject({ status: 401, code: 'signature_invalid' })
    const unsigned = await fetch(`${relay.url}/in/${source.id}`, { method: 'POST', body: '{}' })
    const said = await problemOf(unsigned)
    expect(said).toMatchObject({ status: 401, code: 'signature_invalid' })
    expect(JSON.stringify(said)).not.toMatch(/missing|header/)
    const rejections = await eventually(
      async () => {
        const path = `/rejections?sourceId=${source.id}`
        const { data } = await relay.call<{ data: { reason: string }[] }>('GET', path)
        return data.length === 2 ? data : undefined
      },
      { withinMs: 10_000, what: () => 'the rejections are not in the log' },
    )
    expect(new Set(rejections.map(({ reason }) => reason))).toEqual(
      new Set(['missing_header', 'signature_mismatch']),
    )
    const shown = JSON.stringify(rejections)
    expect(shown).not.toContain(SECRET)
    expect(shown).not.toMatch(/sha256=[0-9a-f]/)
    expect((await relay.call<{ data: [] }>('GET', `/events?sourceId=${source.id}`)).data).toEqual([])
    expect(receiver.received).toEqual([])
  })

  it('with a body over the limit is refused before it is read', async () => {
    const source = await relay.source()
    const announced = await answerTo(source.id, { 'content-length': String(25 * 1024 * 1024 + 1) }, 1)
    expect(announced).toMatchObject({ status: 413, problem: { code: 'body_too_large' } })
    const endless = await answerTo(source.id, { 'transfer-encoding': 'chunked' }, 26 * 1024 * 1024)
    expect(endless).toMatchObject({ status: 413, problem: { code: 'body_too_large' } })
  })

  it('of a source that is unknown, deleted or hidden finds nothing', async () => {
    const hidden = await relay.source({ hidden: { header: 'X-Knock', value: 'three times' } })
    const deleted = await relay.source()
    await relay.call('DELETE', `/sources/${deleted.id}`)
    const unknown = { id: 'src_01K00000000000000000000000' }
    for (const source of [unknown, deleted, hidden]) {
      expect(await problemOf(await relay.post(source, '{}'))).toMatchObject({
        status: 404,
        code: 'not_found',
      })
    }
    const near = { headers: { 'x-knock': 'three  times' } }
    expect((await relay.post(hidden, '{}', near)).status).toBe(404)
    expect((await relay.post(hidden, '{}', { headers: { 'x-knock': 'three times' } })).status).toBe(200)
  })

  it('by another method than its source takes is told which there are', async () => {
    const refused = await relay.post(await relay.source(), '{}', { method: 'DELETE' })
    expect(refused.headers.get('allow')).toBe('POST, PUT, PATCH, GET')
    expect(await problemOf(refused)).toMatchObject({ status: 405, code: 'method_not_allowed' })
    const only = await relay.source({ allowedMethods: ['PUT'] })
    expect((await relay.post(only, '{}')).headers.get('allow')).toBe('PUT')
    expect((await relay.post(only, '{}', { method: 'PUT' })).status).toBe(200)
  })

  it('from an address that its source does not take is refused', async () => {
    const from = (source: { id: string }, ip: string) =>
      relay.post(source, '{}', { headers: { 'cf-connecting-ip': ip } })
    const source = await relay.source({
      ipAllow: ['192.0.2.0/24', '2001:db8::/32'],
      ipDeny: ['192.0.2.66'],
    })
    for (const ip of ['192.0.2.66', '198.51.100.1', '2001:db9::1', '::ffff:198.51.100.1', 'nonsense']) {
      expect(await problemOf(await from(source, ip))).toMatchObject({ status: 403, code: 'address_refused' })
    }
    for (const ip of ['192.0.2.7', '2001:db8::7', '::ffff:192.0.2.7']) {
      expect((await from(source, ip)).status, ip).toBe(200)
    }
  })

  it('of a paused source is to come again', async () => {
    const refused = await relay.post(await relay.source({ state: 'paused' }), '{}')
    expect(refused.headers.get('retry-after')).toBe('300')
    expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'unavailable' })
  })
})

describe.concurrent('a source', () => {
  it('takes a new secret at once, and the old one only in its grace', async () => {
    const source = await relay.source()
    const statusWith = async (secret: string) => (await relay.post(source, '{}', { secret })).status
    const rotate = (secret: string, gracePeriodSeconds: number) =>
      relay.call('POST', `/sources/${source.id}/secrets`, { secret, gracePeriodSeconds })
    expect(await statusWith('second')).toBe(401)
    await rotate('second', 3600)
    expect([await statusWith('second'), await statusWith(SECRET)]).toEqual([200, 200])
    await rotate('third', 0)
    expect([await statusWith('third'), await statusWith('second')]).toEqual([200, 401])
  })

  it('without verification takes anything, and calls nothing verified', async () => {
    const receiver = await relay.receiver()
    for (const verification of ['off', 'optional']) {
      const source = await relay.source({ verification })
      await relay.endpoint(source, receiver)
      const { id } = await relay.send(source, '{}', { secret: 'wrong' })
      await relay.delivery(id)
      const { metadata } = await relay.call<{ metadata: object }>('GET', `/events/${id}`)
      expect(metadata, verification).toMatchObject({ verified: 'unattempted' })
    }
  })

  it('answers as its owner wants', async () => {
    const source = await relay.source({
      response: { status: 202, contentType: 'text/plain', body: 'thanks', headers: { 'X-Seen': 'yes' } },
    })
    const response = await relay.post(source, '{}')
    expect(response.status).toBe(202)
    expect(response.headers.get('content-type')).toBe('text/plain')
    expect(response.headers.get('x-seen')).toBe('yes')
    expect(await response.text()).toBe('thanks')
  })

  it('is not made with an address range that is none', async () => {
    for (const wrong of [{ ipAllow: ['10.0.0.0/33'] }, { ipDeny: ['example.com'] }]) {
      const refused = await api('POST', '/sources', JSON.stringify({ provider: 'github', ...wrong }))
      expect(await problemOf(refused)).toMatchObject({ status: 400, code: 'invalid_request' })
    }
  })
})

describe.concurrent('a call of the API', () => {
  it('with broken JSON is told where it breaks', async () => {
    const problem = await problemOf(await api('POST', '/sources', '{"provider":"github",}'))
    expect(problem).toMatchObject({ status: 400, code: 'invalid_json' })
    expect(problem.detail).toMatch(/position 21|has a } where/)
  })

  it('with a wrong field is told its path', async () => {
    const body = JSON.stringify({ url: 'https://example.com', retry: { scheduleSeconds: [0, 'soon'] } })
    const problem = await problemOf(await api('POST', '/endpoints', body))
    expect(problem).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [{ path: 'retry.scheduleSeconds.1' }],
    })
  })

  it('to nowhere, by a wrong method or without a token is a problem too', async () => {
    expect(await problemOf(await api('GET', '/nowhere'))).toMatchObject({ status: 404 })
    const wrong = await api('PUT', '/events')
    expect(wrong.headers.get('allow')).toBe('POST, GET, HEAD')
    expect(await problemOf(wrong)).toMatchObject({ status: 405 })
    expect(await problemOf(await fetch(`${relay.url}/v1/events`))).toMatchObject({ status: 401 })
    expect(await problemOf(await fetch(`${relay.url}/in/nothing`))).toMatchObject({ status: 404 })
  })
})

/** What a source answers to a body that is still being sent. */
async function answerTo(sourceId: string, headers: Record<string, string>, bytes: number) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sending = request(`${relay.url}/in/${sourceId}`, { method: 'POST', headers })
    let answered = false
    sending.on('response', (incoming) => {
      answered = true
      resolve(incoming)
    })
    // Who has answered does not read on, which the sender sees as a broken pipe.
    sending.on('error', (error) => {
      if (!answered) reject(error)
    })
    sending.write(Buffer.alloc(bytes, 0x20))
  })
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  return {
    status: response.statusCode,
    problem: JSON.parse(Buffer.concat(parts).toString()) as Problem,
  }
}
