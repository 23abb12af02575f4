import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const table = readFileSync(`${ROOT}/docs/features.md`, 'utf8')
/** How many requirements each letter has. */
const COUNTS = { A: 18, B: 15, C: 16, D: 7, E: 7, F: 6, G: 6 }

it('the table of features has each requirement once', () => {
  const listed = [...table.matchAll(/^\| ([A-G]\d+) \|/gm)].map(([, id]) => id)
  const all = Object.entries(COUNTS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, i) => `${letter}${i + 1}`),
  )
  expect(listed).toEqual(all)
})

it('the table of features names only files that exist', () => {
  const named = [...table.matchAll(/`((?:src|test)\/[\w./-]+)`/g)].map(([, path = '']) => path)
  expect(named.filter((path) => !existsSync(`${ROOT}/${path}`))).toEqual([])
  expect(named.length).toBeGreaterThan(150)
})
