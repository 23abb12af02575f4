import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Relay } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

const HANDED_OVER = 'b537207f20cbfa02357cf448134da559'

async function asanaSource(secrets?: string[]): Promise<{ id: string }> {
  return await relay.call('POST', '/sources', { provider: 'asana', ...(secrets && { secrets }) })
}

function offer({ id }: { id: string }, secret: string): Promise<Response> {
  return fetch(`${relay.url}/in/${id}`, { method: 'POST', headers: { 'x-hook-secret': secret } })
}

function sendSigned({ id }: { id: string }, secret: string): Promise<Response> {
  const body = '{"events":[{"action":"changed"}]}'
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  return fetch(`${relay.url}/in/${id}`, {
    method: 'POST',
    headers: { 'x-hook-signature': signature },
    body,
  })
}

describe.concurrent('a secret that a provider hands over', () => {
  it('is kept when it has been answered, and verifies the events after it', async () => {
    const source = await asanaSource()
    expect(await relay.call('GET', `/sources/${source.id}`)).toMatchObject({ secretCount: 0 })
    expect((await sendSigned(source, HANDED_OVER)).status).toBe(401)
    const answer = await offer(source, HANDED_OVER)
    expect([answer.status, answer.headers.get('x-hook-secret')]).toEqual([200, HANDED_OVER])
    expect((await sendSigned(source, HANDED_OVER)).status).toBe(200)
    expect(await relay.call('GET', `/sources/${source.id}`)).toMatchObject({ secretCount: 1 })
  })

  it('does not replace one that is there, whoever offers it', async () => {
    const source = await asanaSource()
    await offer(source, HANDED_OVER)
    await offer(source, 'an intruder')
    expect((await sendSigned(source, 'an intruder')).status).toBe(401)
    expect((await sendSigned(source, HANDED_OVER)).status).toBe(200)
    const own = await asanaSource(['mine'])
    await offer(own, HANDED_OVER)
    expect((await sendSigned(own, HANDED_OVER)).status).toBe(401)
    expect((await sendSigned(own, 'mine')).status).toBe(200)
  })

  it('is one secret when several arrive at once', async () => {
    const source = await asanaSource()
    const secrets = Array.from({ length: 8 }, (_, number) => `secret ${number}`)
    await Promise.all(secrets.map((secret) => offer(source, secret)))
    const statuses = await Promise.all(
      secrets.map(async (secret) => (await sendSigned(source, secret)).status),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  })
})

describe.concurrent('a callback that a CloudEvents sender names', () => {
  const asking = (callback: string, { id }: { id: string }) =>
    fetch(`${relay.url}/in/${id}`, {
      method: 'OPTIONS',
      headers: { 'webhook-request-origin': 'e.example.com', 'webhook-request-callback': callback },
    })

  it('is visited once the answer is out, if the owner allows its host', async () => {
    const sender = await relay.receiver((_, response) => {
      response.writeHead(302, { location: '/elsewhere' })
      response.end()
    })
    const allowing = await relay.source({ provider: 'cloudevents', config: { callbackHosts: ['127.0.0.1'] } })
    const refusing = await relay.source({
      provider: 'cloudevents',
      config: { callbackHosts: ['*.example.com'] },
    })
    expect((await asking(`${sender.url}/no`, refusing)).status).toBe(200)
    const answer = await asking(`${sender.url}/confirm?id=1`, allowing)
    expect(answer.headers.get('webhook-allowed-origin')).toBe('e.example.com')
    const [visit] = await relay.arrived(sender, 1)
    expect([visit?.method, visit?.path]).toEqual(['GET', '/confirm?id=1'])
    // The flood comes after the honest request, and the visits of both sources before the sender is asked.
    await Promise.all(Array.from({ length: 40 }, () => asking(`${sender.url}/flood`, allowing)))
    await relay.arrived(sender, 5)
    expect(sender.received.map(({ path }) => path)).toEqual(['/confirm?id=1', ...Array(4).fill('/flood')])
  })
})
