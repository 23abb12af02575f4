import { describe, expect, it } from 'vitest'
import { maskBody } from '../../src/model/mask-body.ts'
import { parseMaskPath } from '../../src/model/mask-path.ts'
import { maskingSchema, mergeMasking } from '../../src/model/masking.ts'

const masked = (text: string, paths: string[], more: { contentType?: string; isCut?: boolean } = {}) =>
  maskBody(text, { contentType: undefined, paths, ...more })
const shown = (...given: Parameters<typeof masked>) => masked(...given)?.text
const FORM = { contentType: 'application/x-www-form-urlencoded' }

describe('a path', () => {
  it.each([
    ['/card/number', ['card', 'number']],
    ['/a~1b/~0', ['a/b', '~']],
    ['card.number', ['card', 'number']],
    ['$.items[*].price', ['items', '*', 'price']],
    ['$..email', ['**', 'email']],
    ['a["odd.key"][0]', ['a', 'odd.key', '0']],
    ['/**/password', ['**', 'password']],
  ])('%s is read as its steps', (text, steps) => expect(parseMaskPath(text)).toEqual(steps))

  it.each(['a]b', 'a[b', '$', ''])('%s is none', (text) => {
    expect(parseMaskPath(text)).toBeUndefined()
  })
})

describe('JSON', () => {
  it('keeps everything as it was written but what is named', () => {
    const json = '{ "id": 12345678901234567890, "card": {"number":"4111", "n": 1.0}, "card": {"number": 7} }'
    expect(masked(json, ['/card/number'])).toEqual({
      text: '{ "id": 12345678901234567890, "card": {"number":"***", "n": 1.0}, "card": {"number": "***"} }',
      hidden: ['4111', '7'],
    })
  })

  it('is looked through item by item, by any member, and at any depth', () => {
    expect(shown('{"a":[{"b":1},{"b":2,"c":3}]}', ['a.b'])).toBe('{"a":[{"b":"***"},{"b":"***","c":3}]}')
    expect(shown('[[{"b":1}]]', ['b'])).toBe('[[{"b":"***"}]]')
    expect(shown('{"a":[1,2]}', ['/a/1'])).toBe('{"a":[1,"***"]}')
    expect(shown('{"x":{"b":1},"y":{"b":2}}', ['/*/b'])).toBe('{"x":{"b":"***"},"y":{"b":"***"}}')
    expect(shown('{"b":1,"x":{"y":[{"b":2}]}}', ['/**/b'])).toBe('{"b":"***","x":{"y":[{"b":"***"}]}}')
  })

  it('hides a named part with all that is in it', () => {
    expect(masked('{"card":{"number":"4111","cvc":[1,2]},"id":1}', ['card'])).toEqual({
      text: '{"card":"***","id":1}',
      hidden: ['4111', '1', '2'],
    })
  })

  it('reads a name however it is escaped', () => {
    expect(shown('{"\\u0063ard":1}', ['card'])).toBe('{"\\u0063ard":"***"}')
  })

  it('may be lines, and may lack its end', () => {
    expect(shown('{"a":1}\n{"a":2}\n', ['a'])).toBe('{"a":"***"}\n{"a":"***"}\n')
    expect(shown('{"a":"secr', ['a'], { isCut: true })).toBe('{"a":"***"')
    expect(shown('{"b":1,"a":{"x":"y', ['a'], { isCut: true })).toBe('{"b":1,"a":"***"')
    expect(shown('{"b":tr', ['a'], { isCut: true })).toBe('{"b":tr')
    expect(shown('{"a":"secr', ['a'])).toBeUndefined()
  })

  it.each(['{"a":1', '{a:1}', 'ok', '{"a":1}}', '["a" 1]', '['.repeat(200), '{"a":"\u0001"}'])(
    'that is none (%s) cannot be masked',
    (text) => expect(masked(text, ['a'])).toBeUndefined(),
  )
})

describe('a form', () => {
  it('is read by brackets and dots, and shows the rest as it was', () => {
    const form = 'data%5Bcard%5D[number]=4111+1&data.card.number=2&id=a+b&card[number]=3'
    expect(masked(form, ['/data/card/number'], FORM)).toEqual({
      text: 'data%5Bcard%5D[number]=***&data.card.number=***&id=a+b&card[number]=3',
      hidden: ['4111 1', '2'],
    })
    expect(shown('items[0][sku]=a&items[1][sku]=b', ['items.sku'], FORM)).toBe(
      'items[0][sku]=***&items[1][sku]=***',
    )
  })

  it('may carry JSON in a field', () => {
    const form = `payload=${encodeURIComponent('{"user":{"email":"a@b.c"},"id":1}')}`
    const hidden = `payload=${encodeURIComponent('{"user":{"email":"***"},"id":1}')}`
    expect(shown(form, ['user.email'], FORM)).toBe(hidden)
    expect(shown(form, ['payload.user.email'], FORM)).toBe(hidden)
  })
})

describe('XML', () => {
  it('is read by local names, attributes with an @', () => {
    const xml =
      '<?xml version="1.0"?><s:a xmlns:s="u"><b id="7"><c>4111</c><!-- c --></b><c>x</c><d e="1"/></s:a>'
    expect(masked(xml, ['a.b.c', '/a/d/@e'])).toEqual({
      text: '<?xml version="1.0"?><s:a xmlns:s="u"><b id="7"><c>***</c><!-- c --></b><c>x</c><d e="***"/></s:a>',
      hidden: ['4111', '1'],
    })
    expect(shown('<a><b x="1"><c>2</c></b></a>', ['a.b'])).toBe('<a><b x="***">***</b></a>')
  })

  it('may lack its end, but not close wrongly', () => {
    expect(shown('<a><b>secr', ['a.b'], { isCut: true })).toBe('<a><b>***')
    expect(shown('<a><b>secr', ['a.b'])).toBeUndefined()
    expect(shown('<a><b></a>', ['a.b'])).toBeUndefined()
  })
})

describe('rules', () => {
  it('take header names in any case and no path that is none', () => {
    expect(maskingSchema.parse({ headers: ['X-Secret'] })).toEqual({ headers: ['x-secret'], paths: [] })
    expect(maskingSchema.safeParse({ paths: ['a[b'] }).success).toBe(false)
  })

  it('of several owners hold together', () => {
    expect(
      mergeMasking({ headers: ['a'], paths: ['x'] }, undefined, { headers: ['a', 'b'], paths: [] }),
    ).toEqual({
      headers: ['a', 'b'],
      paths: ['x'],
    })
    expect(mergeMasking({ headers: [], paths: [] }, undefined)).toBeUndefined()
  })

  it('of no path leave a body alone, whatever it is', () => {
    expect(shown('ok', [])).toBe('ok')
  })
})
