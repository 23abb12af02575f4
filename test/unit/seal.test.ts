import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { liveSecrets, makeSealer } from '../../src/model/seal.ts'

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

describe('a sealed secret', () => {
  const sealer = makeSealer(key(1))

  it('opens to what was sealed, and never looks the same twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ minLength: 1 }), async (plain, context) => {
        const sealed = await sealer.seal(plain, context)
        expect(await sealer.open(sealed, context)).toBe(plain)
        expect(await sealer.seal(plain, context)).not.toBe(sealed)
        if (plain.length > 3) expect(sealed).not.toContain(plain)
      }),
      { numRuns: 200 },
    )
  })

  it('does not open in another row', async () => {
    const sealed = await sealer.seal('secret', 'src_a')
    await expect(sealer.open(sealed, 'src_b')).rejects.toThrow()
  })

  it('does not open after any change to a character of it', async () => {
    const sealed = await sealer.seal('secret', 'src_a')
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      const changed = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`
      await expect(sealer.open(changed, 'src_a'), `character ${at}`).rejects.toThrow()
    }
    for (const wrong of ['', 'v1', sealed.slice(0, -4), `${sealed}AAAA`, sealed.replace('v1', 'v2')]) {
      await expect(sealer.open(wrong, 'src_a'), wrong).rejects.toThrow()
    }
  })

  it('opens while its key is configured, whichever key seals now', async () => {
    const old = await sealer.seal('secret', 'src_a')
    const rotating = makeSealer(`${key(2)}, ${key(1)}`)
    expect(await rotating.open(old, 'src_a')).toBe('secret')
    const fresh = await rotating.seal('secret', 'src_a')
    const after = makeSealer(key(2))
    expect(await after.open(fresh, 'src_a')).toBe('secret')
    await expect(after.open(old, 'src_a')).rejects.toThrow('is not configured')
    await expect(sealer.open(fresh, 'src_a')).rejects.toThrow('is not configured')
  })

  it.each(['', 'short', Buffer.alloc(31).toString('base64'), `${key(1)},`, `${key(1)},x`])(
    'is not made with a malformed key: %s',
    (keys) => {
      expect(() => makeSealer(keys)).toThrow('HOOKWAY_MASTER_KEY')
    },
  )
})

it('secrets are live until the moment at which they end', () => {
  const secrets = [
    { sealed: 'new', expiresAt: null },
    { sealed: 'old', expiresAt: 1_000 },
  ]
  expect(liveSecrets(secrets, 999).map(({ sealed }) => sealed)).toEqual(['new', 'old'])
  expect(liveSecrets(secrets, 1_000).map(({ sealed }) => sealed)).toEqual(['new'])
})
