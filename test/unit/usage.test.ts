import { expect, it } from 'vitest'
import { DAY_MS } from '../../src/model/metrics.ts'
import { Usage, type UsageDeps } from '../../src/model/usage.ts'

const DAY = 20_000 * DAY_MS

function world(limit: number | null, used: number) {
  const warned: string[] = []
  const deps: UsageDeps = {
    eventsPerDay: async () => limit,
    receivedSince: async (_, from) => (from === DAY ? used : 0),
    warn: async (tenantId, usage) => void warned.push(`${tenantId} ${usage.used}/${usage.limit}`),
  }
  return { usage: new Usage(), deps, warned }
}

it('admits everything until something is known, and without a quota', async () => {
  const { usage, deps } = world(null, 1_000)
  expect(usage.take('default', { count: 1e9, now: DAY })).toBeUndefined()
  await usage.refresh('default', DAY, deps)
  expect(usage.take('default', { count: 1e9, now: DAY })).toBeUndefined()
})

it('refuses what goes over the quota until the day ends', async () => {
  const { usage, deps, warned } = world(10, 7)
  await usage.refresh('default', DAY, deps)
  expect(warned).toEqual([])
  expect(usage.take('default', { count: 2, now: DAY })).toBeUndefined()
  expect(usage.take('default', { count: 2, now: DAY + 1_000 })).toBe(86_399)
  expect(usage.take('default', { count: 1, now: DAY })).toBeUndefined()
  expect(usage.take('default', { count: 1, now: DAY + DAY_MS })).toBeUndefined()
})

it('warns from four fifths on', async () => {
  const { usage, deps, warned } = world(10, 8)
  await usage.refresh('default', DAY, deps)
  await usage.refresh('default', DAY + 1_000, deps)
  expect(warned).toEqual(['default 8/10'])
})

it('admits everything while the counters cannot be read', async () => {
  const { usage, deps } = world(0, 0)
  const broken = { ...deps, receivedSince: () => Promise.reject(new Error('down')) }
  await usage.refresh('default', DAY, broken)
  expect(usage.take('default', { count: 1, now: DAY })).toBeUndefined()
})
