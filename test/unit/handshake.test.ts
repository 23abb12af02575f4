import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { answerHandshake } from '../../src/ingest/handshake.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { noKeys } from '../../src/providers/scheme/keys.ts'
import { requestOf, sourceOf } from '../case/provider.case.ts'

interface Challenge {
  provider: string
  secret?: string
  verifyToken?: string
  config?: Record<string, unknown>
  request: { method: string; url: string; headers?: Record<string, string>; body?: string }
  response: { status: number; contentType?: string; headers?: Record<string, string>; body?: string }
  negative?: { request: Challenge['request']; response: { status: number } }
}

const { challenges } = JSON.parse(
  readFileSync(new URL('../vectors/_challenges.json', import.meta.url), 'utf8'),
) as { challenges: Challenge[] }

/** Answers to accepted events: the provider file's `answer` carries them. SNS needs a signed message. */
const NOT_HANDSHAKES = ['adyen', 'salesforce-outbound-message', 'aws-sns']

const ask = (provider: string, request: Challenge['request'], challenge: Partial<Challenge> = {}) =>
  answerHandshake({
    source: sourceOf(provider, challenge.secret === undefined ? [] : [challenge.secret], {
      config: { ...challenge.config, ...(challenge.verifyToken && { verifyToken: challenge.verifyToken }) },
    }),
    request: requestOf(request),
    now: 1_760_000_000_000,
    keys: noKeys,
  })

describe('challenges', () => {
  it.each(challenges.filter(({ provider }) => !NOT_HANDSHAKES.includes(provider)))(
    '$provider gets the answer it wants',
    async (challenge) => {
      const answer = await ask(challenge.provider, challenge.request, challenge)
      expect(answer?.status).toBe(challenge.response.status)
      if (challenge.response.body !== undefined) expect(answer?.body).toBe(challenge.response.body)
      if (challenge.response.contentType) {
        expect(answer?.headers['content-type']).toBe(challenge.response.contentType)
      }
      const headers = Object.entries(answer?.headers ?? {}).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ])
      for (const [name, value] of Object.entries(challenge.response.headers ?? {})) {
        expect(headers).toContainEqual([name.toLowerCase(), value])
      }
      if (challenge.negative) {
        const refusal = await ask(challenge.provider, challenge.negative.request, challenge)
        expect(refusal?.status).toBe(challenge.negative.response.status)
      }
    },
  )

  it('keeps the secret that Asana hands over only while there is none', async () => {
    const request = {
      method: 'POST',
      url: 'https://gateway.example.test/in/a',
      headers: { 'x-hook-secret': 's' },
    }
    expect((await ask('asana', request))?.effect).toEqual({ kind: 'keep_secret', secret: 's' })
    expect((await ask('asana', request, { secret: 'mine' }))?.effect).toBeUndefined()
  })

  it.each([
    [
      'zoom',
      { event: 'endpoint.url_validation', payload: { plainToken: 'v0:1760000000:{"event":"forged"}' } },
    ],
    ['smartcar', { eventName: 'verify', payload: { challenge: '{"eventName":"forged"}' } }],
  ])('%s does not sign a text that could be an event', async (provider, body) => {
    const request = { method: 'POST', url: 'https://gateway.example.test/in/a', body: JSON.stringify(body) }
    expect(await ask(provider, request, { secret: 'key' })).toBeUndefined()
  })

  it('X does not sign a text that could be an event', async () => {
    const token = encodeURIComponent('{"for_user_id":"1"}')
    const request = { method: 'GET', url: `https://gateway.example.test/in/a?crc_token=${token}` }
    expect(await ask('x-twitter', request, { secret: 'key' })).toBeUndefined()
  })

  it('Discord is not answered without its signature', async () => {
    const request = { method: 'POST', url: 'https://gateway.example.test/in/a', body: '{"type":1}' }
    expect(await ask('discord', request, { secret: 'ab'.repeat(32) })).toBeUndefined()
  })

  it('events of providers that want a certain answer get it', () => {
    expect(findProvider('adyen')?.answer?.body).toBe('[accepted]')
    expect(findProvider('salesforce-outbound')?.answer?.body).toContain('<Ack>true</Ack>')
  })
})
