import { exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { toHex, utf8 } from '../../src/model/bytes.ts'
import { RelayWorld } from './relay-world.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

interface Rejection {
  reason: string
  detail: string
}

const source = (name: string, secret: string) =>
  world.call<{ id: string }>('POST', '/sources', { name, provider: 'github', secrets: [secret] })

async function post({ id }: { id: string }, secret: string, body = '{}'): Promise<number> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', utf8(secret), algorithm, false, ['sign'])
  const signature = toHex(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(body))))
  const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` }
  const request = new Request(`https://hooks.example/in/${id}`, { method: 'POST', body, headers })
  const response = await exports.default.fetch(request)
  await response.body?.cancel()
  return response.status
}

/** The details of so many refusals of a source. */
const details = ({ id }: { id: string }, count: number): Promise<string[]> =>
  vi.waitFor(
    async () => {
      const { data } = await world.call<{ data: Rejection[] }>('GET', `/rejections?sourceId=${id}`)
      expect(data).toHaveLength(count)
      return data.map(({ detail }) => detail)
    },
    { timeout: 10_000, interval: 50 },
  )

describe('a refusal that is kept', { timeout: 30_000 }, () => {
  it('says that the secret is of the other environment, or was of this one', async () => {
    const live = await source('live', 'the secret of live')
    const test = await source('test', 'the secret of test')
    expect(await post(live, 'the secret of test')).toBe(401)
    expect(await details(live, 1)).toEqual([
      `the secret of the other environment: it is that of the source test (${test.id})`,
    ])
    const rotation = { secret: 'a newer secret', gracePeriodSeconds: 1 }
    await world.call('POST', `/sources/${live.id}/secrets`, rotation)
    world.now += 60_000
    expect(await post(live, 'the secret of live')).toBe(401)
    expect(await details(live, 2)).toContain('the secret is one of this source that has ended')
    expect(await post(test, 'nobody has it')).toBe(401)
    expect(await details(test, 1)).toEqual([''])
  })

  it('tells in a burst that somebody may be trying', async () => {
    const endpoint = await world.endpoint('hookway.source.suspicious')
    const tried = await source('tried', 'its secret')
    for (let n = 0; n < 60; n++) await post(tried, `guess ${n}`)
    await details(tried, 20)
    world.now += 6_000
    await post(tried, 'the last guess')
    const [event] = await world.untilArrived(endpoint, 1)
    expect(JSON.parse(event?.body ?? '')).toMatchObject({
      type: 'hookway.source.suspicious',
      data: { sourceId: tried.id, rejected: 61, reason: 'signature_mismatch' },
    })
  })
})
