import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from '../../src/model/pattern.ts'

function isIn(source: string, text: string): boolean {
  const compiled = compilePattern(source)
  if (!compiled.ok) throw new Error(compiled.error)
  return compiled.value.isIn(text)
}

const SOURCES = [
  'ok',
  '^ok$',
  '"status"\\s*:\\s*"(ok|accepted)"',
  'a*b+c?',
  '(ab){2,3}$',
  '^[a-c]{2}[^a-c]',
  'a|b|',
  '(?:a|ab)(?:c|bcd)(?:d*)',
  '\\d+-\\w',
  '^.a.$',
  'x*',
  '(a?){3}a{3}$',
  '[-a]',
  '[a-]b',
]

describe('a pattern', () => {
  it.each(SOURCES)('finds what a regular expression finds: %s', (source) => {
    const reference = new RegExp(source)
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'x', '1', '-', 'o', 'k', '\n') })
    fc.assert(fc.property(text, (each) => isIn(source, each) === reference.test(each)))
  })

  it('ignores case when told so', () => {
    expect(isIn('(?i)succ[e-f]ss', 'SUCCESS')).toBe(true)
    expect(isIn('success', 'SUCCESS')).toBe(false)
  })

  it.each(['(a+)+$', '(a|a)*$', '(.*)*(.*)*(.*)*x$', '(a?){50}a{50}b'])(
    'answers soon on text that is made to be slow: %s',
    (source) => {
      const started = performance.now()
      expect(isIn(source, 'a'.repeat(16_384))).toBe(source.endsWith('$') && !source.includes('x'))
      expect(performance.now() - started).toBeLessThan(5000)
    },
  )

  it('is compiled or refused, whatever is written, and answers soon', () => {
    const part = fc.constantFrom(
      'a',
      '.',
      '(',
      ')',
      '|',
      '*',
      '+',
      '?',
      '{2,9}',
      '[^b]',
      '\\d',
      '^',
      '$',
      '\\',
    )
    const source = fc.oneof(fc.string({ unit: part, maxLength: 24 }), fc.string({ unit: 'binary' }))
    const texts = ['', 'a'.repeat(4096), `${'ab'.repeat(2048)}!`]
    fc.assert(
      fc.property(source, (each) => {
        const compiled = compilePattern(each)
        const started = performance.now()
        if (!compiled.ok) expect(compiled.error).not.toBe('')
        else for (const text of texts) expect(compiled.value.isIn(text)).toBeTypeOf('boolean')
        expect(performance.now() - started).toBeLessThan(2_000)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['(a', 'has a ( without its )'],
    ['a)', 'has a ) without its ('],
    ['*a', 'nothing to repeat'],
    ['a**', 'repeats a repetition'],
    ['a{2', 'ends too early'],
    ['a{x}', 'no count'],
    ['a{3,2}', 'end is below its start'],
    ['a{101}', 'counts beyond 100'],
    ['(a{100}){100}', 'too large'],
    ['(?=a)', 'no group but'],
    ['(a)\\1', 'may not use \\1'],
    ['a\\b', 'may not use \\b'],
    ['[a', 'ends too early'],
    ['[b-a]', 'does not ascend'],
    ['\\', 'ends too early'],
    ['('.repeat(30) + ')'.repeat(30), 'nested too deep'],
  ])('is refused with the reason: %s', (source, reason) => {
    expect(compilePattern(source)).toEqual({ ok: false, error: expect.stringContaining(reason) })
  })
})
