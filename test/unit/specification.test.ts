import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { TABLE, type Expected } from './delivery.table.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENT = readFileSync(join(ROOT, 'docs/delivery.md'), 'utf8')
const SELF = 'unit/specification.test.ts'

/** What the document calls a cell, where the table of the tests has a shorter word. */
const WORDS: Record<string, Expected> = {
  '·': 'same',
  'retrying, or dead when exhausted': 'retrying or dead',
  'pending or retrying, as before': 'as before',
  'retrying, due now': 'retrying now',
}

describe('docs/delivery.md and the tests point at one another', () => {
  it('each invariant is cited by a test, and no test cites one that is not there', () => {
    const stated = [...DOCUMENT.matchAll(/^- \*\*(I\d+)\*\*/gm)].map(([, name = '']) => name)
    expect(stated).toEqual(stated.map((_, at) => `I${at + 1}`))
    expect([...citations()].toSorted(byNumber)).toEqual(stated)
  })

  it('the tables of transitions are the same', () => {
    const [statuses, ...rows] = tableUnder('## Transitions')
    const written = rows.flatMap(([kind = '', ...cells]) =>
      cells.map((cell, at) => `${kind} while ${statuses?.[at + 1]}: ${WORDS[cell] ?? cell}`),
    )
    const tested = Object.entries(TABLE).flatMap(([status, cells]) =>
      Object.entries(cells).map(([kind, expected]) => `${kind} while ${status}: ${expected}`),
    )
    expect(written.toSorted()).toEqual(tested.toSorted())
  })

  it('each state and event that the table has is explained', () => {
    const events = /^## Events\n([^]*?)^## /m.exec(DOCUMENT)?.[1] ?? ''
    const states = tableUnder('## States').map(([status = '']) => status.replaceAll('`', ''))
    for (const [status, cells] of Object.entries(TABLE)) {
      expect(states).toContain(status)
      for (const kind of Object.keys(cells)) expect(events).toContain(`\`${kind}\``)
    }
  })
})

/** The invariants that test files name, as in `(I5)` or `I5: …`. */
function citations(): Set<string> {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  const tests = files.filter((file) => file.endsWith('.ts') && file !== SELF)
  const texts = tests.map((file) => readFileSync(join(ROOT, 'test', file), 'utf8'))
  return new Set(texts.flatMap((text) => [...text.matchAll(/\bI\d+\b/g)].map(([name]) => name)))
}

/** The cells of the first table after a heading, without the line under its head. */
function tableUnder(heading: string): string[][] {
  const after = DOCUMENT.slice(DOCUMENT.indexOf(`${heading}\n`))
  const lines = /(?:^\|.*\n)+/m.exec(after)?.[0].trimEnd().split('\n') ?? []
  const cells = (line: string) => line.split('|').slice(1, -1)
  return lines.filter((_, at) => at !== 1).map((line) => cells(line).map((cell) => cell.trim()))
}

function byNumber(a: string, b: string): number {
  return Number(a.slice(1)) - Number(b.slice(1))
}
