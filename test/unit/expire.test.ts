import { expect, it } from 'vitest'
import type { TenantId } from '../../src/model/id.ts'
import { expire, type ExpireDeps } from '../../src/sweep/expire.ts'

const DAY_MS = 86_400_000

it('gives each tenant its retention and goes on where it stopped', async () => {
  const did: string[] = []
  const cursors = new Map<string, string>()
  const tenants = Array.from({ length: 130 }, (_, i) => ({
    tenantId: `ten_${String(i).padStart(3, '0')}` as TenantId,
    retentionDays: i === 0 ? 2 : 30,
  }))
  const deps: ExpireDeps = {
    now: () => 100 * DAY_MS,
    pageRetentions: async (after = '', limit) =>
      tenants.filter(({ tenantId }) => tenantId > after).slice(0, limit),
    rollUpDay: async () => false,
    async expireLogs(tenantId, before) {
      did.push(`${tenantId} before day ${before / DAY_MS}`)
      return 1
    },
    expireKeys: async () => ({ next: undefined }),
    loadCursor: async (list) => cursors.get(list),
    saveCursor: async (list, cursor) =>
      void (cursor === undefined ? cursors.delete(list) : cursors.set(list, cursor)),
  }
  expect(await expire(deps)).toEqual({ removed: 100 })
  expect(await expire(deps)).toEqual({ removed: 30 })
  await expire(deps)
  expect(did).toHaveLength(230)
  expect([did[0], did[1], did[100], did[130]]).toEqual([
    'ten_000 before day 98',
    'ten_001 before day 70',
    'ten_100 before day 70',
    'ten_000 before day 98',
  ])
})
