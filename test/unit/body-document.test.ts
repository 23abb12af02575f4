import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { text, utf8 } from '../../src/model/bytes.ts'
import { documentOf, formOf } from '../../src/providers/scheme/document.ts'
import { itemsOf, sliceAt } from '../../src/providers/scheme/json-slice.ts'
import { atPointer, parseJson } from '../../src/providers/scheme/json.ts'
import { elementSlices, parseXml } from '../../src/providers/scheme/xml.ts'
import { requestOf } from '../case/provider.case.ts'

describe('JSON', () => {
  const spaced = fc.tuple(
    fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }),
    fc.constantFrom(0, 1, '\t'),
  )

  it('items are found where they stand, byte for byte', () => {
    const check = ([values, space]: [unknown[], number | string]): void => {
      const json = utf8(JSON.stringify({ 'a/b': [{ 'é"]': values }], z: ',]}' }, null, space))
      const slice = sliceAt(json, '/a~1b/0/é"]')
      const parts = slice === undefined ? [] : itemsOf(json, slice)
      expect(parts.map(({ start, end }) => JSON.parse(text(json.subarray(start, end))) as unknown)).toEqual(
        JSON.parse(JSON.stringify(values)),
      )
    }
    fc.assert(fc.property(spaced, check))
  })

  it('of equal names the last counts, and what is not there is not found', () => {
    const json = utf8('{"a":1,"a":[2]}')
    expect(sliceAt(json, '/a')).toEqual({ start: 11, end: 14 })
    expect([sliceAt(json, '/b'), sliceAt(json, '/a/1'), sliceAt(json, '/a/0/x')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect(itemsOf(json, { start: 0, end: 15 })).toEqual([])
  })

  it.each(['/__proto__', '/constructor', '/toString', 'a', '/a/b/c'])('%s points at nothing', (pointer) => {
    expect(atPointer({ a: 'x' }, pointer)).toBeUndefined()
  })

  it('whole numbers too large for a double stay as written', () => {
    const json =
      '{"a":12345678901234567891,"b":1.5,"c":-9007199254740993,"d":1234567890123456,"e":"1234567890123456"}'
    const value = {
      a: '12345678901234567891',
      b: 1.5,
      c: '-9007199254740993',
      d: 1234567890123456,
      e: '1234567890123456',
    }
    expect(parseJson(utf8(json))).toEqual({ kind: 'value', value })
  })

  it('larger bodies are left unread', () => {
    expect(parseJson(new Uint8Array(9 * 1024 * 1024))).toEqual({ kind: 'malformed' })
  })
})

describe('XML', () => {
  it('has predefined entities and no others', () => {
    const value = '&amp;&lt;&gt;&quot;&apos;&#65;&#x42;&#9999999;&nbsp;&x;'
    expect(parseXml(utf8(`<a b="${value}">${value}</a>`))).toEqual({
      kind: 'value',
      value: { a: { '#text': `&<>"'AB&#9999999;&nbsp;&x;`, '@b': `&<>"'AB&#9999999;&nbsp;&x;` } },
    })
  })

  it('elements are found where they stand', () => {
    const xml = utf8('<r><n:a x="1">é</n:a><ab/><a>2</a></r>')
    expect(elementSlices(xml, 'a').map(({ start, end }) => text(xml.subarray(start, end)))).toEqual([
      '<n:a x="1">é</n:a>',
      '<a>2</a>',
    ])
  })

  it('many elements that never end cost no more than few', () => {
    expect(elementSlices(utf8(`<a>`.repeat(100_000)), 'a')).toEqual([])
  })

  it('larger bodies and broken ones are left unread', () => {
    expect(parseXml(new Uint8Array(3 * 1024 * 1024))).toEqual({ kind: 'malformed' })
    expect(documentOf(requestOf({ body: '<a><__proto__>1</__proto__></a>' }))).toEqual({ kind: 'none' })
  })
})

describe('forms', () => {
  const multipart = (body: string, type = 'multipart/form-data; boundary="b b"') =>
    formOf(requestOf({ headers: { 'content-type': type }, body }))

  it('multipart gives its fields and not its files', () => {
    const parts = [
      '--b b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain\r\n\r\né\r\n',
      '--b b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nfile\r\n',
      '--b b\r\nX: y\r\n\r\nno name\r\n',
      '--b b\r\nContent-Disposition: form-data; name="empty"\r\n\r\n\r\n--b b--\r\n',
    ]
    expect(multipart(parts.join(''))).toEqual([
      ['a', 'é'],
      ['empty', ''],
    ])
  })

  it.each(['', '--b b', '--b b\r\n', '--b b\r\nx\r\n--b b', 'nothing'])(
    'multipart %j has no fields',
    (body) => {
      expect(multipart(body)).toEqual([])
    },
  )

  it('multipart without a boundary has no fields', () =>
    expect(multipart('--', 'multipart/form-data')).toEqual([]))

  it('a wrapped JSON that hurts is refused, one that is broken is a form', () => {
    const form = (value: string) => documentOf(requestOf({ body: `payload=${encodeURIComponent(value)}` }))
    expect(form('['.repeat(101)).kind).toBe('hostile')
    expect(form('{"a":').kind).toBe('form')
  })

  it.each([
    ['a=1', undefined, 'form'],
    ['a=1', 'text/plain;charset=UTF-8', 'form'],
    ['{"a":1}', 'application/x-www-form-urlencoded', 'json'],
    ['a=1', 'application/octet-stream', 'none'],
    ['hello', 'text/plain', 'none'],
  ])('%s of type %s is read as %s', (body, type, kind) => {
    expect(documentOf(requestOf({ body, ...(type && { headers: { 'content-type': type } }) })).kind).toBe(
      kind,
    )
  })

  it('only so many fields are read', () =>
    expect(formOf(requestOf({ body: 'a=1&'.repeat(3000) }))).toHaveLength(2000))
})
