import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { challenges, vectorFiles, type Challenge, type Vector } from '../case/provider.case.ts'
import { sendRaw, type RawAnswer } from '../support/raw-request.ts'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start({ testClock: true }))
afterAll(() => relay.stop())

const files = [
  ...vectorFiles('golden').map((file) => ({ ...file, kind: 'golden' })),
  ...vectorFiles('derived').map((file) => ({ ...file, kind: 'derived' })),
]

describe.concurrent('the recorded requests of', () => {
  it.each(files)('$provider ($kind, $file) are told apart by the running server', async (file) => {
    const sources = new Map<string, Promise<{ id: string }>>()
    const wrong: unknown[] = []
    for (const vector of file.vectors) {
      const { secrets, settings } = vector.source
      const { config, publicUrl } = settings
      const wanted = { provider: file.provider, secrets, config, publicUrl }
      const key = JSON.stringify(wanted)
      const source = sources.get(key) ?? relay.source(wanted)
      sources.set(key, source)
      const { status, body } = await replay(vector, await source)
      const isRight = vector.expected === 'valid' ? status >= 200 && status < 300 : status === 401
      if (!isRight) wrong.push({ name: vector.name, expected: vector.expected, status, body })
    }
    expect(wrong).toEqual([])
  })
})

function replay({ request, now }: Vector, { id }: { id: string }): Promise<RawAnswer> {
  const { method, url, body } = request
  return sendRaw(relay.url, {
    method,
    path: `/in/${id}${queryOf(url)}`,
    headers: { ...Object.fromEntries(request.headers), 'hookway-test-now': String(now / 1000) },
    ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
  })
}

function queryOf(url: string): string {
  const mark = url.indexOf('?')
  return mark < 0 ? '' : url.slice(mark)
}

/** SNS signs its challenge, and the recorded one has no signature. */
const UNSIGNED = 'aws-sns'
/** A provider that is listed under another name. */
const SLUGS: Record<string, string> = { 'salesforce-outbound-message': 'salesforce-outbound' }

describe.concurrent('the challenge of', () => {
  it.each(challenges)('$provider gets its documented answer from the running server', async (challenge) => {
    const { provider, secret, verifyToken, config = {}, request, response, negative } = challenge
    const source = await relay.source({
      provider: SLUGS[provider] ?? provider,
      secrets: secret === undefined ? [] : [secret],
      config: { ...config, ...(verifyToken !== undefined && { verifyToken }) },
      publicUrl: request.url.replace(/\?.*$/, ''),
      // Answers to events, not to challenges: the recorded events are not signed.
      ...(['adyen', 'salesforce-outbound-message'].includes(provider) && { verification: 'off' }),
    })
    const answer = await ask(source, request)
    if (provider === UNSIGNED) return expect(answer.status).toBe(401)
    expect(answer.status).toBe(response.status)
    if (response.body !== undefined) expect(answer.body).toBe(response.body)
    if (response.contentType !== undefined) {
      expect(answer.headers['content-type']).toBe(response.contentType)
    }
    for (const [name, value] of Object.entries(response.headers ?? {})) {
      expect(answer.headers[name.toLowerCase()]).toBe(value)
    }
    if (negative) expect((await ask(source, negative.request)).status).toBe(negative.response.status)
  })
})

function ask(
  { id }: { id: string },
  { method, url, headers, body }: Challenge['request'],
): Promise<RawAnswer> {
  return sendRaw(relay.url, {
    method,
    path: `/in/${id}${queryOf(url)}`,
    ...(headers && { headers }),
    ...(body !== undefined && { body: new TextEncoder().encode(body) }),
  })
}
