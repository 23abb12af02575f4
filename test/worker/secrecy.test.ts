import { expect, it, vi } from 'vitest'
import { ok } from '../../src/model/result.ts'
import type { Send } from '../../src/registrations/registration.ts'
import { SECRETS, runEverything } from './secrecy-run.ts'
import { makeWorld } from './api-world.ts'

/** A provider that makes hooks, and quotes what it was sent when it is to remove one. */
const send: Send = async (_, { method, headers, body }) => {
  const hook = { id: 1, active: true, events: [], config: { url: 'https://h.example/' } }
  const answer = { GET: [], POST: hook, DELETE: { message: JSON.stringify([headers, body]) } }[method ?? '']
  const status = method === 'DELETE' ? 422 : 200
  return ok({ status, headers: {}, body: JSON.stringify(answer), isCut: false })
}

it('no secret is printed, stored in the clear, or answered after it was made', async () => {
  const printed: unknown[] = []
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => void printed.push(args))
  }
  const world = await makeWorld({ send })
  const { answers, shownOnce } = await runEverything(world)
  const stored: unknown[] = []
  for (const db of [world.deps.db, world.deps.logDb]) {
    const { results } = await db
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%cf%' AND name NOT LIKE 'sqlite%'",
      )
      .all<{ name: string }>()
    for (const { name } of results) stored.push((await db.prepare(`SELECT * FROM ${name}`).all()).results)
  }
  const kinds = { printed, stored, answers, told: world.did }
  for (const [kind, content] of Object.entries(kinds)) {
    const text = JSON.stringify(content)
    const leaked = [...SECRETS, ...shownOnce].filter((secret) => text.includes(secret))
    expect({ kind, leaked }).toEqual({ kind, leaked: [] })
  }
  expect(shownOnce.length).toBeGreaterThan(3)
})
