import { describe, expect, it } from 'vitest'
import { parseInvocation } from '../../bench/options.ts'
import { plot } from '../../bench/plot.ts'
import { figure } from '../../bench/report.ts'
import { isReached } from '../../bench/scenario.ts'
import { inTurns, ratioOf, rowOf, type Sample } from '../../bench/stats.ts'

const round = (perSecond: number, latenciesMs = [1], errors = 0): Sample => ({
  count: perSecond,
  elapsedMs: 1000,
  latenciesMs,
  errors,
})

describe('the figures of the benchmarks', () => {
  it('are medians of the rounds, so that one bad round changes nothing', () => {
    const rounds = [round(100, [1, 2, 3]), round(110, [1, 2, 3]), round(20, [100, 200, 300], 2)]
    expect(rowOf('a', rounds)).toEqual({
      name: 'a',
      perSecond: 100,
      spread: 0.9,
      p50Ms: 2,
      p99Ms: 3,
      errors: 2,
    })
  })

  it('compare each round with the same round of the other', () => {
    // The machine was three times as fast in the second round: the ratio is the same.
    expect(ratioOf([round(50), round(150), round(50)], [round(100), round(300), round(100)])).toBe(0.5)
  })

  it('come from rows that take turns, to and fro', async () => {
    const order: string[] = []
    await inTurns(3, ['a', 'b'], async (target) => order.push(target))
    expect(order.join('')).toBe('abbaab')
  })

  it('show the digits that matter', () => {
    expect([1234.5, 12.34, 1.234, 7, NaN, undefined].map(figure)).toEqual([
      '1235',
      '12.3',
      '1.23',
      '7',
      '-',
      '',
    ])
  })

  it('reach no goal when there is no figure', () => {
    expect(isReached({ name: 'a', value: NaN, atMost: 1 })).toBe(false)
    expect(isReached({ name: 'a', value: 1, atLeast: 1 })).toBe(true)
  })
})

describe('the flags', () => {
  it('without a name mean small sizes, and with one the published ones', () => {
    expect(parseInvocation([]).options.connections).toEqual([64])
    expect(parseInvocation(['ingest']).options.connections).toEqual([16, 64, 256])
    expect(parseInvocation(['--connections', '8']).options.connections).toEqual([8])
  })

  it.each([['--rounds', '0'], ['--seconds', 'x'], ['--nothing']])('%s %s is refused', (...args) => {
    expect(() => parseInvocation(args)).toThrow(args[0])
  })
})

describe('the plot', () => {
  it('has a bar for each row, and only numbers for coordinates', () => {
    const rows = [rowOf('bare: <one>', [round(0, [])]), rowOf('ours', [round(100, [0.5, 90])])]
    const svg = plot([{ title: 'a & b', rows }], 'today')
    expect(svg.match(/<rect class/g)).toHaveLength(2)
    expect(svg).toContain('bare: &#60;one&#62;')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })
})
