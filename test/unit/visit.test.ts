import { expect, it } from 'vitest'
import { visit } from '../../src/ingest/visit.ts'

it('a confirmation is asked for once, follows no redirect and never throws', async () => {
  const asked: [string, RequestInit][] = []
  await visit('https://sns.example/confirm', async (url, init) => {
    asked.push([url, init])
    return Response.redirect('https://elsewhere.example/', 302)
  })
  expect(asked).toEqual([['https://sns.example/confirm', expect.objectContaining({ redirect: 'manual' })]])
  await visit('https://sns.example/confirm', () => Promise.reject(new Error('no route')))
})
