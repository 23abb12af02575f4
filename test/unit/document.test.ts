import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, utf8, type Bytes } from '../../src/model/bytes.ts'
import { documentOf } from '../../src/providers/scheme/document.ts'

const read = (body: Bytes, contentType = 'application/json') =>
  documentOf({
    method: 'POST',
    url: 'https://hooks.example/in/src_a',
    headers: [['content-type', contentType]],
    body,
    receivedAt: 0,
  })

describe('a body as a document', () => {
  it('is the value of any JSON, with or without a byte order mark', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.boolean(), (value, hasMark) => {
        const json = JSON.stringify(value)
        // Beyond a double the digits are kept, which JSON.parse does not do.
        fc.pre(!/\d{16}/.test(json))
        const body = utf8(hasMark ? `\ufeff${json}` : json)
        expect(read(body)).toEqual({ kind: 'json', value: JSON.parse(json) as unknown })
      }),
    )
  })

  it('is hostile when JSON nests deeper than anything honest', () => {
    expect(read(utf8('['.repeat(100) + ']'.repeat(100)))).toMatchObject({ kind: 'json' })
    expect(read(utf8('['.repeat(101) + ']'.repeat(101)))).toMatchObject({ kind: 'hostile' })
    expect(read(utf8(`{"a":"]]]","b":${'[{"c":'.repeat(51)}`))).toMatchObject({ kind: 'hostile' })
    expect(read(utf8(JSON.stringify('['.repeat(500))))).toMatchObject({ kind: 'json' })
  })

  // A picture holds brackets by chance; counting them must not refuse it.
  it('is none, and never hostile, when the bytes are not JSON', () => {
    const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    expect(read(concat([png, utf8('['.repeat(500))]), 'image/png')).toEqual({ kind: 'none' })
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (noise) => {
        const body = concat([Uint8Array.from([0]), noise, utf8('{'.repeat(200))])
        expect(read(body, 'application/octet-stream')).toEqual({ kind: 'none' })
      }),
    )
  })
})
