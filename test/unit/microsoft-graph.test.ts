import { beforeAll, describe, expect, it } from 'vitest'
import { normalise } from '../../src/ingest/normalise.ts'
import { verifyRequest } from '../../src/ingest/verify.ts'
import { utf8 } from '../../src/model/bytes.ts'
import { newId } from '../../src/model/id.ts'
import { configFaults } from '../../src/providers/config-faults.ts'
import { microsoftGraph } from '../../src/providers/microsoft-graph.ts'
import { noKeys } from '../../src/providers/scheme/keys.ts'
import { requestOf, sourceOf } from '../case/provider.case.ts'
import { Graph, GRAPH_APP } from '../support/graph.ts'

const NOW = 1_760_000_000_000
const MESSAGE = { id: 'm1', subject: 'Hello', body: { content: 'secret words' } }

let graph: Graph
beforeAll(async () => {
  graph = await Graph.open()
})

interface Notification {
  items?: object[]
  tokens?: unknown
  config?: Record<string, unknown>
}

const item = async (more: object = {}) => ({
  id: 'n1',
  clientState: 's3cret',
  changeType: 'created',
  resourceData: { id: 'm1', '@odata.type': '#microsoft.graph.chatMessage' },
  encryptedContent: await graph.encrypted(MESSAGE),
  ...more,
})

async function inbound({ items, tokens, config }: Notification) {
  const value = items ?? [await item()]
  const validationTokens = tokens === undefined ? [await graph.token(NOW)] : tokens
  const body = JSON.stringify({ value, validationTokens })
  const headers = { 'content-type': 'application/json' }
  const request = requestOf({ method: 'POST', url: 'https://hooks.example/in/a', headers, body })
  const own = { appId: GRAPH_APP, privateKeys: { 'cert-1': graph.privateKey }, keys: { jwks: graph.jwks } }
  return { request, source: sourceOf('microsoft-graph', ['s3cret'], { config: { ...own, ...config } }) }
}

const verdict = async (notification: Notification) =>
  await verifyRequest({ ...(await inbound(notification)), now: NOW, keys: noKeys })

async function events(notification: Notification) {
  const { request, source } = await inbound(notification)
  const normalised = await normalise({
    source,
    request,
    path: '',
    verification: { verdict: 'authenticated' },
    metadata: {},
    newEventId: () => newId('evt', NOW),
  })
  return normalised.ok ? normalised.value.map(({ event }) => event) : []
}

describe('a rich notification of Microsoft Graph', () => {
  it('is authenticated by its tokens, its client state and the signature of its data', async () => {
    expect(await verdict({})).toEqual({ verdict: 'authenticated' })
    const v1 = { azp: undefined, appid: '0bf30f3b-4a52-48df-9a82-234910c4a086' }
    expect(await verdict({ tokens: [await graph.token(NOW, v1)] })).toEqual({ verdict: 'authenticated' })
    expect(await verdict({ config: { tenantId: 'tenant' } })).toEqual({ verdict: 'authenticated' })
  })

  it('is refused when a token is another application’s, another sender’s, late, forged or missing', async () => {
    const other = await Graph.open()
    const refused = async (tokens: unknown, config = {}) => await verdict({ tokens, config })
    expect(await refused([await graph.token(NOW, { aud: 'other' })])).toMatchObject({ reason: 'bad_claims' })
    expect(await refused([await graph.token(NOW, { azp: 'other' })])).toMatchObject({ reason: 'bad_claims' })
    expect(await refused([await graph.token(NOW)], { tenantId: 'other' })).toMatchObject({
      reason: 'bad_claims',
    })
    expect(await refused([await graph.token(NOW - 7_200_000)])).toMatchObject({ reason: 'timestamp_too_old' })
    expect(await refused([await other.token(NOW)])).toMatchObject({ reason: 'signature_mismatch' })
    expect(await refused([await graph.token(NOW), 'x'])).toMatchObject({ reason: 'bad_format' })
    expect(await refused([])).toMatchObject({ reason: 'missing_header' })
    expect(await refused(null)).toMatchObject({ reason: 'missing_header' })
    expect(await refused(Array(21).fill('x'))).toMatchObject({ reason: 'bad_format' })
  })

  it('is refused when any of its encrypted parts was changed or another key is needed, with the reason', async () => {
    const content = await graph.encrypted(MESSAGE)
    const changed = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
    const refused = async (encryptedContent: object) =>
      await verdict({ items: [await item({ encryptedContent })] })
    for (const part of ['data', 'dataSignature'] as const) {
      expect(await refused({ ...content, [part]: changed(content[part]) })).toMatchObject({
        reason: 'signature_mismatch',
      })
    }
    expect(await refused({ ...content, dataKey: changed(content.dataKey) })).toMatchObject({
      reason: 'unknown_key',
    })
    expect(await refused({ ...content, encryptionCertificateId: 'cert-2' })).toMatchObject({
      reason: 'unknown_key',
      hint: 'config.privateKeys has no private key for cert-2',
    })
    expect(await refused({ ...content, dataSignature: 7 })).toMatchObject({ reason: 'bad_format' })
    const many = Array<object>(101).fill(await item())
    expect(await verdict({ items: many })).toMatchObject({ reason: 'unsupported_body' })
  })

  it('becomes events whose rules and envelopes see the resource, and whose body stays as received', async () => {
    const second = { id: 'n2', encryptedContent: await graph.encrypted({ id: 'm2' }) }
    const plain = { id: 'n3', clientState: 's3cret', resourceData: { id: 'm3' } }
    const made = await events({ items: [await item(), await item(second), plain] })
    const opened = made.map(({ head }) => JSON.parse(head.opened ?? '') as { value: object[] })
    expect(opened.map(({ value }) => value)).toMatchObject([
      [{ id: 'n1', decryptedContent: MESSAGE, resourceData: { id: 'm1' } }],
      [{ id: 'n2', decryptedContent: { id: 'm2' } }],
      [{ id: 'n3', resourceData: { id: 'm3' } }],
    ])
    expect(JSON.stringify(opened)).not.toContain('encryptedContent')
    const bodies = made.map(({ body }) => new TextDecoder().decode(body))
    expect(bodies.join()).not.toContain('secret words')
    expect((JSON.parse(bodies[0] ?? '') as { value: object[] }).value).toMatchObject([
      { id: 'n1', encryptedContent: { encryptionCertificateId: 'cert-1' } },
    ])
    expect(made.map(({ head }) => [head.type, head.providerEventId, head.entityId])[0]).toEqual([
      'created',
      'n1',
      'm1',
    ])
  })

  it('without keys of its own passes as it came, as basic notifications do', async () => {
    const config = { privateKeys: undefined, appId: undefined }
    expect(await verdict({ config, tokens: null })).toEqual({ verdict: 'authenticated' })
    const [event] = await events({ config })
    expect(event?.head.opened).toBeUndefined()
    const basic = { items: [{ id: 'n', clientState: 's3cret' }], tokens: null }
    expect(await verdict(basic)).toEqual({ verdict: 'authenticated' })
    expect(await verdict({ items: [await item({ clientState: 'guess' })] })).toMatchObject({
      reason: 'wrong_token',
    })
  })

  it('needs settings that can work', () => {
    const faults = (config: Record<string, unknown>) =>
      configFaults(microsoftGraph, config).map(({ path }) => path)
    expect(faults({ appId: GRAPH_APP, privateKeys: { 'cert-1': graph.privateKey } })).toEqual([])
    expect(faults({ privateKeys: { 'cert-1': graph.privateKey } })).toEqual(['config'])
    expect(faults({ appId: GRAPH_APP, privateKeys: { 'cert-1': 'none' } })).toEqual([
      'config.privateKeys.cert-1',
    ])
    expect(utf8(graph.privateKey).byteLength).toBeGreaterThan(1_000)
  })
})
