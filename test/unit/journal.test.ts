import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Journal, type Sql } from '../../src/db/journal.ts'
import { utf8 } from '../../src/model/bytes.ts'
import { memorySql } from '../support/sqlite.ts'

const DAY = 86_400_000
const DAY_0 = Date.UTC(2026, 10, 22)

const add = (journal: Journal, now: number, kind = 'row', label = '') =>
  journal.append({ kind, checkpoint: `as of ${now}`, label, data: utf8(label) }, now)
const tablesOf = (sql: Sql) =>
  [...sql.exec(`SELECT name FROM sqlite_master WHERE name GLOB 'journal_*' ORDER BY name`)].map(({ name }) =>
    String(name),
  )
const seqsOf = (journal: Journal, kind: string, from: number) =>
  [...journal.labels(kind, from)].map(({ seq }) => seq)

describe('a journal', () => {
  it('gives consecutive numbers over days, and reads each row back, also after an eviction', () => {
    const sql = memorySql()
    const journal = new Journal(sql)
    const times = [0, 1, DAY, DAY + 5, 3 * DAY]
    for (const [at, time] of times.entries()) {
      expect(add(journal, DAY_0 + time, 'row', `row ${at + 1}`)).toBe(at + 1)
    }
    expect(tablesOf(sql)).toHaveLength(3)
    for (const each of [journal, new Journal(sql)]) {
      expect([each.firstSeq, each.nextSeq]).toEqual([1, 6])
      for (const at of times.keys()) {
        expect(each.read(at + 1)).toMatchObject({
          seq: at + 1,
          label: `row ${at + 1}`,
          data: utf8(`row ${at + 1}`),
        })
      }
      expect(each.read(0)).toBeUndefined()
      expect(each.read(6)).toBeUndefined()
      expect(each.lastCheckpoint()).toBe(`as of ${DAY_0 + 3 * DAY}`)
    }
  })

  it('finds rows of a kind from a number on, across days', () => {
    const journal = new Journal(memorySql())
    for (const [at, kind] of ['a', 'b', 'a', 'b', 'a'].entries()) add(journal, DAY_0 + at * DAY, kind)
    expect(seqsOf(journal, 'a', 1)).toEqual([1, 3, 5])
    expect(seqsOf(journal, 'a', 2)).toEqual([3, 5])
  })

  it('drops whole days that are over, and none that is needed, nor the newest', () => {
    const sql = memorySql()
    const journal = new Journal(sql)
    for (let day = 0; day < 5; day++) add(journal, DAY_0 + day * DAY)
    expect(journal.drop({ before: DAY_0 + 2 * DAY - 1, keepFromSeq: 99 })).toBe(1)
    expect(journal.drop({ before: DAY_0 + 99 * DAY, keepFromSeq: 3 })).toBe(1)
    expect([journal.firstSeq, journal.read(2)]).toEqual([3, undefined])
    expect(journal.drop({ before: DAY_0 + 99 * DAY, keepFromSeq: 99 })).toBe(2)
    expect(tablesOf(sql)).toHaveLength(1)
    const after = new Journal(sql)
    expect([after.firstSeq, after.nextSeq, after.lastCheckpoint()]).toEqual([
      5,
      6,
      `as of ${DAY_0 + 4 * DAY}`,
    ])
  })

  it('keeps its order when the clock jumps back', () => {
    const sql = memorySql()
    const journal = new Journal(sql)
    for (const day of [3, 1, 2, 3, 0, 4]) add(journal, DAY_0 + day * DAY, 'row', String(day))
    expect(tablesOf(sql)).toHaveLength(2)
    expect([...new Journal(sql).labels('row', 1)].map(({ seq, label }) => [seq, label])).toEqual([
      [1, '3'],
      [2, '1'],
      [3, '2'],
      [4, '3'],
      [5, '0'],
      [6, '4'],
    ])
  })

  it('is the same after an eviction at any point of any history', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ day: fc.integer({ min: 0, max: 6 }), kind: fc.constantFrom('a', 'b') }),
      },
      { weight: 1, arbitrary: fc.record({ dropBefore: fc.nat(7), keep: fc.nat(20) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const sql = memorySql()
        let journal = new Journal(sql)
        const written: { seq: number; kind: string }[] = []
        for (const each of steps) {
          if ('day' in each) {
            const seq = add(journal, DAY_0 + each.day * DAY, each.kind)
            expect(seq).toBe(written.length + 1)
            written.push({ seq, kind: each.kind })
          } else {
            const first = journal.firstSeq
            journal.drop({ before: DAY_0 + each.dropBefore * DAY, keepFromSeq: each.keep })
            expect(journal.firstSeq).toBeLessThanOrEqual(Math.max(first, each.keep))
          }
          journal = new Journal(sql)
          const left = written.filter(({ seq }) => seq >= journal.firstSeq)
          expect(journal.nextSeq).toBe(written.length + 1)
          for (const kind of ['a', 'b']) {
            const seqs = left.filter((row) => row.kind === kind).map(({ seq }) => seq)
            expect(seqsOf(journal, kind, 1)).toEqual(seqs)
          }
          expect(left.every(({ seq }) => journal.read(seq)?.seq === seq)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })
})
