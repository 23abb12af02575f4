import { describe, expect, it } from 'vitest'
import type { DeliveryRow, LogMessage, RejectionRow } from '../../src/model/delivery-log.ts'
import { deadLetterNotices, suspects, suspicionNotice } from '../../src/log/notices.ts'
import { RejectionSampler } from '../../src/ingest/rejections.ts'
import { watch, type WatchDeps } from '../../src/sweep/watch.ts'

const DAY_MS = 86_400_000
const NOW = 20_000 * DAY_MS

function world() {
  const did: string[] = []
  const cursors = new Map<string, string>()
  const secret = (days: number) => [{ sealed: 'x', expiresAt: null, createdAt: NOW - days * DAY_MS }]
  const deps: WatchDeps = {
    now: () => NOW,
    pageSources: async (after) =>
      after === undefined
        ? [
            { id: 'src_1', tenantId: 'default', name: 'old', secrets: secret(91), updatedAt: NOW },
            { id: 'src_2', tenantId: 'default', name: 'young', secrets: secret(90), updatedAt: 0 },
            { id: 'src_3', tenantId: 'default', name: 'none', secrets: [], updatedAt: 0 },
          ]
        : [],
    pageEndpoints: async () => [],
    pageShared: async () => [
      { id: 'default OLD', tenantId: 'default', name: 'OLD', updatedAt: NOW - 91 * DAY_MS },
      { id: 'default YOUNG', tenantId: 'default', name: 'YOUNG', updatedAt: NOW },
    ],
    pageTokens: async () => [
      { id: 'tok_1', tenantId: 'default', name: 'soon', expiresAt: NOW + DAY_MS },
      { id: 'tok_2', tenantId: 'default', name: 'gone', expiresAt: NOW - 31 * DAY_MS },
      { id: 'tok_3', tenantId: 'default', name: 'past', expiresAt: NOW - DAY_MS },
      { id: 'tok_4', tenantId: 'default', name: 'never', expiresAt: null },
    ],
    removeToken: async ({ id }) => void did.push(`remove ${id}`),
    tell: async (_, { type, key }) => void did.push(`${type} ${key}`),
    loadCursor: async (list) => cursors.get(list),
    saveCursor: async (list, cursor) =>
      void (cursor === undefined ? cursors.delete(list) : cursors.set(list, cursor)),
  }
  return { did, deps }
}

describe('the watch', () => {
  it('tells of secrets older than 90 days and of tokens that end soon, and forgets those long expired', async () => {
    const { did, deps } = world()
    await watch(deps)
    expect(did).toEqual([
      'hookway.source.secret_stale src_1',
      'hookway.secret.stale default OLD',
      'hookway.token.expiring tok_1',
      'remove tok_2',
    ])
  })

  it('looks once a day', async () => {
    const { did, deps } = world()
    await watch(deps)
    did.length = 0
    await watch(deps)
    expect(did).toEqual([])
    await watch({ ...deps, now: () => NOW + DAY_MS })
    expect(did).toContain('hookway.source.secret_stale src_1')
  })
})

describe('notices of the log', () => {
  const row = (more: Partial<DeliveryRow>) =>
    ({
      status: 'dead',
      endpointId: 'ep_1',
      eventType: 'a',
      tenantId: 'default',
      lastAttemptAt: 5,
      ...more,
    }) as DeliveryRow
  const message = (rows: DeliveryRow[]): LogMessage => ({
    kind: 'deliveries',
    object: 'o',
    receipt: 1,
    events: [],
    rows,
  })

  it('tell of dead letters once for each endpoint and hour, and never of their own', () => {
    const rows = [
      row({}),
      row({}),
      row({ endpointId: 'ep_2' }),
      row({ status: 'delivered', endpointId: 'ep_3' }),
    ]
    const notices = deadLetterNotices([
      message([...rows, row({ eventType: 'hookway.x', endpointId: 'ep_4' })]),
    ])
    expect(notices.map(({ event }) => event.key)).toEqual(['ep_1 0', 'ep_2 0'])
  })

  it('call a source suspicious when many requests fail for what a genuine sender does right', () => {
    const refused = (reason: string) =>
      ({
        kind: 'rejections',
        rows: [
          { reason, sourceId: 'src_1', tenantId: 'default', at: 5 } as Partial<RejectionRow> as RejectionRow,
        ],
      }) as LogMessage
    expect(suspects([refused('method')])).toEqual([])
    const [suspect] = suspects([refused('wrong_secret'), refused('wrong_secret')])
    expect(suspect).toBeDefined()
    expect(suspect && suspicionNotice(suspect, 49)).toBeUndefined()
    expect(suspect && suspicionNotice(suspect, 50)?.event.type).toBe('hookway.source.suspicious')
  })
})

it('the sampler of refusals keeps a burst, and what it drops is counted with the next', () => {
  const sampler = new RejectionSampler()
  const kept = Array.from({ length: 25 }, () => sampler.take('src_1', 0))
  expect(kept.filter((count) => count > 0)).toHaveLength(20)
  expect(sampler.take('src_1', 6_000)).toBe(6)
})
