import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areAllowed, checkAddress, isNetwork, parseCidrs, parseTarget } from '../../src/model/address.ts'
import { makeTargetCheck } from '../../src/model/resolver.ts'

const LOOPBACK = parseCidrs('127.0.0.0/8,::1/128')

/** Networks of RFC 6890 and its updates that are nobody's public address. */
const SPECIAL: [network: string, bits: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

const special = fc.constantFrom(...SPECIAL).chain(([network, bits]) => {
  const base = network.split('.').reduce((value, part) => value * 256 + Number(part), 0)
  return fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map((host) => base + host)
})

const dotted = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')

/** An address as URL parsers also read it: one to four parts, each decimal, octal or hexadecimal, with zeros before. */
const spelling = (address: number) =>
  fc
    .record({
      parts: fc.integer({ min: 1, max: 4 }),
      bases: fc.array(fc.constantFrom(8, 10, 16), { minLength: 4, maxLength: 4 }),
      zeros: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
      disguise: fc.constantFrom('none', 'dot', 'percent', 'full-width', 'upper'),
    })
    .map(({ parts, bases, zeros, disguise }) => {
      const numbers = [24, 16, 8].slice(0, parts - 1).map((shift) => (address >>> shift) & 255)
      const rest = parts === 1 ? address : address % 2 ** (8 * (5 - parts))
      const plain = [...numbers, rest].map((n, at) => written(n, bases[at] ?? 10, zeros[at] ?? 0)).join('.')
      if (disguise === 'dot') return `${plain}.`
      if (disguise === 'percent') return plain.replace(/\d/, (digit) => `%3${digit}`)
      if (disguise === 'full-width')
        return plain.replace(/\d/, (digit) => String.fromCharCode(0xff10 + Number(digit)))
      return disguise === 'upper' ? plain.toUpperCase().replaceAll('X', 'x') : plain
    })

function written(value: number, base: number, zeros: number): string {
  const padding = '0'.repeat(zeros)
  if (base === 16) return `0x${padding}${value.toString(16)}`
  return base === 8 ? `0${padding}${value.toString(8)}` : String(value)
}

describe('a target that is an IPv4 address', () => {
  it('is refused in every spelling when it is not public', () => {
    fc.assert(
      fc.property(
        special.chain((address) => fc.tuple(fc.constant(address), spelling(address))),
        ([address, host]) => {
          const url = `https://${host}/`
          expect(new URL(url).hostname.replace(/\.$/, '')).toBe(dotted(address))
          expect(parseTarget(url, [])).toMatchObject({ ok: false, error: { reason: 'private_address' } })
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('is allowed by an allow-list only as people write it', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 0x7f000000, max: 0x7fffffff })
          .chain((address) => fc.tuple(fc.constant(address), spelling(address))),
        ([address, host]) => {
          expect(parseTarget(`http://${host}/`, LOOPBACK).ok).toBe(host === dotted(address))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('is never reached through characters that no spelling above thought of', () => {
    const characters = '0123456789xXaAfF.%[]:@/\\?#１。｡ \t'.split('')
    const soup = fc.string({ unit: fc.constantFrom(...characters), maxLength: 24 })
    fc.assert(
      fc.property(soup, (authority) => {
        const target = parseTarget(`https://${authority}`, [])
        if (!target.ok) return
        const { hostname } = target.value.url
        const host = hostname.replace(/^\[|\]$/g, '')
        if (/^[\d.]+$|:/.test(host)) expect(checkAddress(host, []).ok).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })

  it('is accepted when it is public, and over https', () => {
    expect(parseTarget('https://93.184.216.34:8443/a?b', [])).toMatchObject({ ok: true })
    expect(parseTarget('http://93.184.216.34/', LOOPBACK)).toMatchObject({ error: { reason: 'bad_url' } })
  })
})

describe('a target that is an IPv6 address', () => {
  it.each([
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fec0::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:93.184.216.34',
    '::ffff:0:10.0.0.1',
    '::127.0.0.1',
    '::a00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::10.0.0.1',
    '2002:a00:1::',
    '2001::1',
    '2001:db8::1',
    '4000::1',
  ])('is refused when it is not public: %s', (address) => {
    expect(parseTarget(`https://[${address}]/`, [])).toMatchObject({
      ok: false,
      error: { reason: 'private_address' },
    })
  })

  it('is accepted when it is public, however its zeros are written', () => {
    expect(parseTarget('https://[2606:4700:4700::1111]/', []).ok).toBe(true)
    expect(parseTarget('https://[2606:4700:4700:0:0:0:0:1111]/', []).ok).toBe(true)
    expect(parseTarget('http://[::1]:9000/', LOOPBACK).ok).toBe(true)
  })
})

describe('a target that is a name', () => {
  it.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    'host.docker.internal',
    'metadata.google.internal',
    'printer.local',
    'router.lan',
    'nas.home.arpa',
    'intranet',
    'example.com.',
    'example.com%2e',
    '10.0.0.1.nip.io',
    'app-10-0-0-1.sslip.io',
    '0a000001.nip.io',
    'localtest.me',
  ])('is refused when it means a private network or hides something: %s', (name) => {
    expect(parseTarget(`https://${name}/`, [])).toMatchObject({ error: { reason: 'private_address' } })
  })

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'https://user@example.com/',
    'https://:password@example.com/',
    'https:///',
    '//example.com',
    'example.com',
    '',
  ])('is refused when its URL is not plain https: %s', (url) => {
    expect(parseTarget(url, [])).toMatchObject({ error: { reason: 'bad_url' } })
  })

  it('is left to the resolver, whose every address must be permitted', async () => {
    const check = (addresses: string[] | undefined, allow = LOOPBACK) =>
      makeTargetCheck({ allow, resolve: () => Promise.resolve(addresses) })
    const https = 'https://hooks.example.com/'
    expect(parseTarget(https, [])).toMatchObject({ value: { resolve: 'hooks.example.com' } })
    expect((await check(['93.184.216.34'])(https)).ok).toBe(true)
    expect((await check(['93.184.216.34', '10.0.0.1'])(https)).ok).toBe(false)
    expect((await check(['::ffff:10.0.0.1'])(https)).ok).toBe(false)
    expect((await check(['nonsense'])(https)).ok).toBe(false)
    expect((await check([])(https)).ok).toBe(true)
    expect((await check(undefined)(https)).ok).toBe(true)
    const http = 'http://hooks.example.com/'
    expect((await check(['127.0.0.1'])(http)).ok).toBe(true)
    for (const addresses of [['127.0.0.1', '93.184.216.34'], [], undefined]) {
      expect((await check(addresses)(http)).ok, String(addresses)).toBe(false)
    }
    expect((await check(['127.0.0.1'], [])(http)).ok).toBe(false)
  })
})

describe('networks', () => {
  it('are written in full, so that a typing error opens nothing', () => {
    expect(parseCidrs(' 10.0.0.0/8 , ::1/128,')).toHaveLength(2)
    expect(parseCidrs('')).toEqual([])
    for (const wrong of ['10/8', '10.0.0.0', '10.0.0.0/33', '010.0.0.0/8', 'example.com/8', '10.0.0.0/8/8']) {
      expect(() => parseCidrs(wrong), wrong).toThrow(wrong)
    }
    for (const right of ['10.0.0.0/8', '10.0.0.1', '::1', '2001:db8::/32'])
      expect(isNetwork(right)).toBe(true)
    for (const wrong of ['10', '10.1', '1.2.3.4/', '1.2.3.4/x', 'a', '']) expect(isNetwork(wrong)).toBe(false)
  })

  it('allow plain http only when they hold every address', () => {
    expect(areAllowed(['127.0.0.1', '::1'], LOOPBACK)).toBe(true)
    expect(areAllowed(['127.0.0.1', '93.184.216.34'], LOOPBACK)).toBe(false)
    expect(areAllowed([], LOOPBACK)).toBe(false)
  })
})
