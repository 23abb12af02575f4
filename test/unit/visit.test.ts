import { expect, it } from 'vitest'
import { Visits } from '../../src/ingest/visit.ts'
import type { SourceId } from '../../src/model/id.ts'
import { makeTargetCheck } from '../../src/model/resolver.ts'

/** Visits whose timers of a second are over at once, and whose later ones never end. */
function world({ fail = false } = {}) {
  const asked: [string, RequestInit][] = []
  const visits = new Visits()
  const resolve = async (name: string) => [name.startsWith('inside') ? '10.0.0.1' : '93.184.216.34']
  const deps = {
    clock: { now: () => 0, random: () => 0 },
    after: (ms: number, callback: () => void) => {
      if (ms <= 1_000) callback()
      return () => {}
    },
    checkTarget: makeTargetCheck({ allow: [], resolve }),
    fetch: async (url: string, init: RequestInit) => {
      asked.push([url, init])
      if (fail) throw new Error('no route')
      return Response.redirect('https://elsewhere.example/', 302)
    },
  }
  const visit = (url: string, source = 'src_1') => visits.visit(source as SourceId, url, deps)
  return { asked, visit }
}

it('a confirmation is asked for once, follows no redirect and never throws', async () => {
  const { asked, visit } = world()
  await visit('https://sns.example/confirm')
  expect(asked).toEqual([['https://sns.example/confirm', expect.objectContaining({ redirect: 'manual' })]])
  await world({ fail: true }).visit('https://sns.example/confirm')
})

it('nothing is asked for within a private network, or in plain text', async () => {
  const { asked, visit } = world()
  for (const url of [
    'https://inside.example/',
    'https://127.0.0.1/',
    'http://sns.example/',
    'https://a:b@sns.example/',
    'nonsense',
  ]) {
    await visit(url)
  }
  expect(asked).toEqual([])
})

it('a flood of handshakes asks five times a minute for a source, and sixty times for all', async () => {
  const one = world()
  for (let n = 0; n < 100; n++) await one.visit('https://victim.example/')
  expect(one.asked).toHaveLength(5)
  const many = world()
  for (let n = 0; n < 100; n++) await many.visit('https://victim.example/', `src_${n}`)
  expect(many.asked).toHaveLength(60)
})
