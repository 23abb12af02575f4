import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeCertificate, type Certificate } from '../support/certificate.ts'
import type { Receiver } from '../support/receiver.ts'
import { Relay, type Delivery } from '../support/relay.ts'

const relay = new Relay()
const dir = mkdtempSync(join(tmpdir(), 'hookway-tls-'))
/** Besides the public authorities the runtime trusts this one, so that a certificate can be good, or wrong in one thing only. */
const issuer = makeCertificate({ name: 'An authority of the tests', isAuthority: true })
const DAY_MS = 86_400_000

beforeAll(async () => {
  const file = join(dir, 'authority.pem')
  writeFileSync(file, issuer.cert)
  vi.stubEnv('NODE_EXTRA_CA_CERTS', file)
  await relay.start()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await relay.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** The delivery of one event to a receiver, tried twice where it fails. */
async function deliveryTo(receiver: Receiver, url = receiver.url) {
  const source = await relay.source()
  await relay.endpoint(source, { url }, { retry: { scheduleSeconds: [0, 0] } })
  const { id } = await relay.send(source, '{}')
  return await relay.delivery(id)
}

const WRONG: [what: string, certificate: () => Certificate][] = [
  ['is its own authority', () => makeCertificate({ name: 'localhost' })],
  [
    'is of an authority that nobody knows',
    () =>
      makeCertificate({ name: 'localhost', issuer: makeCertificate({ name: 'Nobody', isAuthority: true }) }),
  ],
  ['has expired', () => makeCertificate({ name: 'localhost', issuer, validUntil: Date.now() - DAY_MS / 2 })],
  [
    'is not valid yet',
    () => makeCertificate({ name: 'localhost', issuer, validFrom: Date.now() + DAY_MS / 2 }),
  ],
  ['is of another host', () => makeCertificate({ name: 'receiver.example', issuer })],
]

describe.concurrent('a receiver over TLS', () => {
  it('gets its delivery when its certificate is good', async () => {
    const receiver = await relay.receiver(undefined, makeCertificate({ name: 'localhost', issuer }))
    expect(await deliveryTo(receiver)).toMatchObject({ status: 'delivered', attempts: 1 })
    expect(receiver.received).toHaveLength(1)
  })

  it.each(WRONG)('gets nothing and is tried again when its certificate %s', async (_, certificate) => {
    const receiver = await relay.receiver(undefined, certificate())
    expectNoHandshake(await deliveryTo(receiver))
    expect(receiver.received).toEqual([])
  })

  it('that speaks no TLS gets nothing and is tried again', async () => {
    const receiver = await relay.receiver()
    expectNoHandshake(await deliveryTo(receiver, receiver.url.replace('http:', 'https:')))
    expect(receiver.received).toEqual([])
  })

  it('that breaks the connection after the handshake has failed for another reason', async () => {
    const certificate = makeCertificate({ name: 'localhost', issuer })
    const receiver = await relay.receiver((__, response) => response.socket?.destroy(), certificate)
    const { attemptLog } = await deliveryTo(receiver)
    expect(attemptLog.map(({ result }) => result)).toEqual(['connection', 'connection'])
  })

  it('has its certificate named as the cause in a test of its endpoint', async () => {
    const receiver = await relay.receiver(undefined, makeCertificate({ name: 'receiver.example', issuer }))
    const { id } = await relay.call<{ id: string }>('POST', '/endpoints', { url: receiver.url })
    const found = await relay.call<object>('POST', `/endpoints/${id}/tests`, { kind: 'reachability' })
    expect(JSON.stringify(found)).toContain('the certificate is expired, for another name, or not trusted')
  })
})

function expectNoHandshake({ status, attempts, error, attemptLog }: Delivery): void {
  expect({ status, attempts }).toEqual({ status: 'dead', attempts: 2 })
  expect(error).toContain('exhausted: tls: The TLS handshake failed')
  const failed = { result: 'tls', statusCode: null, response: null }
  expect(attemptLog).toMatchObject([failed, failed])
}
