import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { text, toHex, utf8 } from '../../src/model/bytes.ts'
import type { Verification } from '../../src/model/verification.ts'
import { crc32, md5 } from '../../src/providers/scheme/checksum.ts'
import { allOf, anyOf, firstOf } from '../../src/providers/scheme/combine.ts'
import { fromPem, publicKeyOfCertificate, rawEcdsa, wrapRsaKey } from '../../src/providers/scheme/der.ts'
import { decodeAs, encodeAs, type Encoding } from '../../src/providers/scheme/encoding.ts'
import { noKeys } from '../../src/providers/scheme/keys.ts'
import { Lru } from '../../src/providers/scheme/lru.ts'
import { readPlace } from '../../src/providers/scheme/place.ts'
import { failed, type Scheme } from '../../src/providers/scheme/scheme.ts'
import { readSignatures } from '../../src/providers/scheme/signature-header.ts'
import { compileTemplate, renderTemplate, templateFault } from '../../src/providers/scheme/template.ts'
import { parseTime, timestampFault } from '../../src/providers/scheme/timestamp.ts'
import { requestOf } from '../case/provider.case.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => new Uint8Array(array))
const inboundOf = (request = requestOf(), config = {}) => ({
  request,
  secrets: ['s'],
  config,
  now: 0,
  keys: noKeys,
})

describe('checksums', () => {
  it('MD5 is what Node computes', () => {
    const check = (value: Uint8Array): void => {
      expect(toHex(md5(value))).toBe(createHash('md5').update(value).digest('hex'))
    }
    fc.assert(fc.property(bytes, check))
  })

  it('CRC-32 has its check value', () => expect(crc32(utf8('123456789'))).toBe(0xcbf43926))
})

describe('encodings', () => {
  const encodings: Encoding[] = ['hex', 'hex-upper', 'hex-any', 'base64', 'base64url', 'base64-of-hex']

  it.each(encodings)('%s reads what it writes, and nothing else that means the same', (encoding) => {
    const check = (value: Uint8Array): void => {
      const written = encodeAs(encoding, value)
      expect(decodeAs(encoding, written)).toEqual(value)
      for (const other of [`${written}=`, ` ${written}`, `${written}\n`])
        expect(decodeAs(encoding, other)).toBeUndefined()
    }
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }).map((array) => new Uint8Array(array)),
        check,
      ),
    )
  })

  it('the case of hex matters unless it is not known', () => {
    expect([decodeAs('hex', 'AB'), decodeAs('hex-upper', 'ab')]).toEqual([undefined, undefined])
    expect(decodeAs('hex-any', 'aB')).toEqual(Uint8Array.of(0xab))
  })

  it('unused bits of base64 make another text', () => expect(decodeAs('base64', 'YR==')).toBeUndefined())
})

describe('DER', () => {
  it('a signature becomes r and s, whatever their lengths', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    for (let n = 0; n < 200; n++) {
      const content = utf8(`content ${n}`)
      const der = new Uint8Array(sign('sha256', content, privateKey))
      expect(rawEcdsa(der, 32)).toHaveLength(64)
      for (const broken of [der.subarray(0, -1), new Uint8Array([...der, 0]), der.with(0, 0x31)]) {
        expect(rawEcdsa(new Uint8Array(broken), 32)).toBeUndefined()
      }
    }
  })

  it.each([
    ['a negative number', '3006020180020101'],
    ['a number with needless zeros', '300702020001020101'],
    ['an empty number', '30050200020101'],
    ['a number too large', `3025022101${'00'.repeat(32)}020101`.replace('3025', '3026')],
    ['a long length that would be short', '3081060201010201 01'.replace(' ', '')],
    ['a length beyond the end', '30800201010201'],
    ['three numbers', '3009020101020101020101'],
    ['bits', '3006030101020101'],
  ])('%s is no part of a signature', (_, hex) => {
    expect(rawEcdsa(new Uint8Array(Buffer.from(hex, 'hex')), 32)).toBeUndefined()
  })

  it('keys are found in PEM, and nothing in what is none', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const der =
      fromPem(publicKey.export({ type: 'pkcs1', format: 'pem' }).toString())?.der ?? new Uint8Array()
    expect(wrapRsaKey(der)).toEqual(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })))
    expect([
      fromPem('x'),
      publicKeyOfCertificate(utf8('x')),
      publicKeyOfCertificate(new Uint8Array()),
    ]).toEqual([undefined, undefined, undefined])
  })

  it('any bytes are read without throwing', () => {
    fc.assert(fc.property(bytes, (value) => void [publicKeyOfCertificate(value), rawEcdsa(value, 32)]))
  })
})

describe('signature headers', () => {
  it.each([
    ['plain', {}, 'ab', [{ signatures: ['ab'] }]],
    ['a prefix that is not there', { prefix: 'v1=' }, 'v0=ab', []],
    ['a prefix and nothing else', { prefix: 'v1=' }, 'v1=', []],
    ['a list', { format: { list: ' ' }, prefix: 'v1,' }, 'v0,x  v1,a v1,b', [{ signatures: ['a', 'b'] }]],
    [
      'pairs',
      { format: { pairs: ',', timestamp: 't', signature: 's' } },
      't=1, s=a==,s=b,t=2,x',
      [{ timestamp: '1', signatures: ['a==', 'b'] }],
    ],
    [
      'groups',
      { format: { pairs: ',', timestamp: 't', signature: 's', group: ' ' } },
      't=1,s=a t=2,s=b',
      [
        { timestamp: '1', signatures: ['a'] },
        { timestamp: '2', signatures: ['b'] },
      ],
    ],
    [
      'positions',
      { format: { positional: ';', timestamp: 2, signature: 3 } },
      'h;1;9;a',
      [{ timestamp: '9', signatures: ['a'] }],
    ],
    [
      'positions without a time',
      { format: { positional: ':', signature: 1 } },
      'k:a',
      [{ signatures: ['a'] }],
    ],
    ['too long', {}, 'a'.repeat(9000), []],
  ])('%s', (_, form, value, groups) => expect(readSignatures(value, form)).toEqual(groups))
})

describe('times', () => {
  it.each([
    ['1760000000', 'auto', 1_760_000_000_000],
    ['1760000000123', 'auto', 1_760_000_000_123],
    ['2025-10-09T08:53:20.5+02:00', 'iso', 1_759_992_800_500 + 0],
    ['2025-10-09', 'iso', undefined],
    ['2025-99-09T08:53:20Z', 'iso', undefined],
    ['Thu, 09 Oct 2025 08:53:20 GMT', 'rfc1123', 1_760_000_000_000],
    ['Thursday', 'rfc1123', undefined],
  ] as const)('%s as %s', (sent, unit, ms) => expect(parseTime(sent, unit)).toBe(ms))

  it('that say nothing are not judged', () => {
    expect(timestampFault('nonce', { unit: 'opaque', toleranceSeconds: 1, now: 0 })).toBeUndefined()
    expect(timestampFault('5', { unit: 's', toleranceSeconds: undefined, now: 0 })).toBeUndefined()
  })
})

describe('templates', () => {
  const request = requestOf({
    method: 'PUT',
    url: 'https://a.test/p?q=1&e=%3A#f',
    headers: { 'X-A': 'h', authorization: `Bearer x.${Buffer.from('{"jti":"j"}').toString('base64url')}.y` },
    body: 'b=2&a=é&a=é&sign=s',
  })
  const render = async (template: string, config = {}) => {
    const content = await renderTemplate(compileTemplate(template), {
      ...inboundOf(request, config),
      ts: '9',
      id: 'i',
    })
    return content && text(content)
  }

  it.each([
    ['{method} {path} {url}', 'PUT /p?q=1&e=%3A https://a.test/p?q=1&e=%3A#f'],
    ['{ts}.{id}.{header:X-A}.{query:q}.{form:b}', '9.i.h.1.2'],
    ['{sortedForm}|{sortedFormPairs:sign,b}', 'aéb2signs|a=é&a=é'],
    ['{phpForm:sign}', 'a:3:{s:1:"a";s:2:"é";s:1:"a";s:2:"é";s:1:"b";s:1:"2";}'],
    ['{decodedUrl}', 'https://a.test/p?q=1&e=:#f'],
    ['{escapedBody}', 'b=2&a=\\u00e9&a=\\u00e9&sign=s'],
    ['{crc32(body)}', String(crc32(request.body))],
    ['{config:url}', request.url],
    ['{header:none}', undefined],
    ['{rawJson:a}', undefined],
    ['{secret}', undefined],
    ['[{ts};{body}]', '[9;b=2&a=é&a=é&sign=s]'],
    ['', ''],
  ])('%s', async (template, content) => expect(await render(template)).toBe(content))

  it('config values stand in', async () =>
    expect(await render('{config:url}{config:x}', { url: 'u', x: 'y' })).toBe('uy'))

  it('unknown placeholders are a fault', () => {
    expect(templateFault('{nonsense}')).toBe('unknown placeholder {nonsense}')
    expect(() => compileTemplate('{nonsense}')).toThrow('unknown placeholder')
  })

  it('places of other kinds', () => {
    expect(readPlace(request, 'jwt:authorization/jti')).toBe('j')
    expect([
      readPlace(request, 'jwt:x-a/jti'),
      readPlace(request, 'other:x'),
      readPlace(request, '/none'),
    ]).toEqual([undefined, undefined, undefined])
  })
})

describe('combinations', () => {
  const verified: Verification = { verdict: 'verified' }
  const scheme = (verification: Verification): Scheme => ({
    summary: verification.verdict,
    reveals: () => ['header:a'],
    verify: () => Promise.resolve(verification),
  })
  const [good, absent, bad] = [
    scheme(verified),
    scheme(failed('missing_header')),
    scheme(failed('wrong_token')),
  ]

  it.each([
    ['any: one suffices', anyOf(bad, good), verified],
    ['any: the nearest failure is told', anyOf(absent, bad, absent), failed('wrong_token')],
    ['first: what is there decides', firstOf(absent, bad, good), failed('wrong_token')],
    ['first: nothing is there', firstOf(absent, absent), failed('missing_header')],
    ['all: each must hold', allOf(good, bad, good), failed('wrong_token')],
    ['all: each holds', allOf(good, good), verified],
  ])('%s', async (_, combined, expected) => {
    expect(await combined.verify(inboundOf())).toEqual(expected)
    expect(combined.reveals?.({})).toContain('header:a')
  })
})

it('a cache forgets what was used longest ago', () => {
  const cache = new Lru<number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  cache.get('a')
  cache.set('c', 3)
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3])
})
