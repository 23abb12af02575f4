import { expect, it, vi } from 'vitest'
import { SECRETS, runEverything } from './secrecy-run.ts'
import { makeWorld } from './api-world.ts'

it('no secret is printed, stored in the clear, or answered after it was made', async () => {
  const printed: unknown[] = []
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => void printed.push(args))
  }
  const world = await makeWorld()
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
