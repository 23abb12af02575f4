import { describe, expect, it } from 'vitest'
import { toBase64 } from '../../src/model/bytes.ts'
import { endpointSettingsSchema } from '../../src/model/endpoint.ts'
import { maskSecrets, unmaskSecrets } from '../../src/model/masked.ts'
import { makeSealer } from '../../src/model/seal.ts'

const sealer = makeSealer(toBase64(new Uint8Array(32).fill(1)))
const id = 'ep_1'
const settingsOf = (more: object) => endpointSettingsSchema.parse({ url: 'https://a.example/', ...more })

async function mask(more: object, known = {}) {
  const masked = await maskSecrets(settingsOf(more), { known, id, sealer })
  if (!masked.ok) throw new Error(JSON.stringify(masked.error))
  return masked.value
}

const HEADERS = { 'X-Api-Key': 'k-1', 'x-team': 'blue' }

describe('the secrets of settings', () => {
  it.each([
    { auth: { type: 'basic', username: 'u', password: 'hidden-1' } },
    { auth: { type: 'bearer', token: 'hidden-1' } },
    { auth: { type: 'apiKey', name: 'x-a', value: 'hidden-1' } },
    { auth: { type: 'oauth2', tokenUrl: 'https://t.example', clientId: 'c', clientSecret: 'hidden-1' } },
    { auth: { type: 'jwt', alg: 'HS256', key: 'hidden-1 and longer' } },
    {
      auth: {
        type: 'awsSigv4',
        accessKeyId: 'a',
        secretAccessKey: 'hidden-1',
        region: 'eu-west-1',
        service: 'lambda',
        sessionToken: 'hidden-2',
      },
    },
    { headers: { Authorization: 'hidden-1', 'x-team': 'blue' } },
    { query: { api_key: 'hidden-1', team: 'blue' } },
  ])('leave nothing readable behind: %j', async (more) => {
    const masked = await mask(more)
    expect(JSON.stringify(masked)).not.toContain('hidden')
    expect(JSON.stringify(masked.settings)).toContain('***')
    expect(endpointSettingsSchema.parse(masked.settings)).toEqual(masked.settings)
    const { settings, sealed } = masked
    expect(await unmaskSecrets(settings, { sealed, id, sealer })).toEqual(settingsOf(more))
    await expect(unmaskSecrets(settings, { sealed, id: 'ep_2', sealer })).rejects.toThrow()
  })

  it('stay when *** is sent back, whatever the case of the header', async () => {
    const first = await mask({ headers: HEADERS })
    const again = await mask({ headers: { 'x-api-key': '***', 'x-team': 'red' } }, first.sealed)
    expect(again.sealed).toEqual(first.sealed)
    const open = await unmaskSecrets(again.settings, { sealed: again.sealed, id, sealer })
    expect(open.headers).toEqual({ 'x-api-key': 'k-1', 'x-team': 'red' })
  })

  it('are dropped with the setting that held them', async () => {
    const first = await mask({ headers: HEADERS, auth: { type: 'bearer', token: 'hidden-1' } })
    expect(Object.keys((await mask({ headers: HEADERS }, first.sealed)).sealed)).toEqual([
      'headers.x-api-key',
    ])
  })

  it('cannot be kept where none is', async () => {
    const first = await mask({ auth: { type: 'bearer', token: 'hidden-1' } })
    const other = settingsOf({ auth: { type: 'basic', username: 'u', password: '***' } })
    expect(await maskSecrets(other, { known: first.sealed, id, sealer })).toMatchObject({
      ok: false,
      error: [{ path: 'auth.password' }],
    })
  })
})
