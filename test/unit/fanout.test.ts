import { describe, expect, it } from 'vitest'
import { fanoutPerSecond } from '../../src/local/open-files.ts'
import type { FanoutMessage } from '../../src/model/accept.ts'
import { consumeFanout, type FanoutDeps } from '../../src/route/consume.ts'
import { newId } from '../../src/model/id.ts'
import { buildRoutingTable } from '../../src/route/match.ts'

const NOW = Date.UTC(2026, 10, 26)

describe('the consumer of fan-out pages', () => {
  it('takes them at the pace that it is given', async () => {
    const { deps, pauses } = world({ endpointsPerSecond: 200 })
    await consumeFanout(batchOf([page(100), page(50)]).batch, deps)
    expect(pauses).toEqual([500, 250])
  })

  it('takes them as they come without one', async () => {
    const { deps, pauses } = world()
    await consumeFanout(batchOf([page(100)]).batch, deps)
    expect(pauses).toEqual([])
  })

  it('lets a page that fails come again, later each time, says so and goes on with the next', async () => {
    const { deps, failed } = world({
      readSegments: (intake) =>
        intake === 'default/src_broken/enam' ? Promise.reject(new Error('no files')) : Promise.resolve([]),
    })
    const broken = { ...page(1), intake: 'default/src_broken/enam' }
    const { batch, results } = batchOf([broken, page(1)])
    await consumeFanout(batch, deps)
    expect(results).toEqual(['again in 8', 'done'])
    expect(failed).toEqual(['no files'])
  })
})

describe('the pace of the local server', () => {
  it('leaves files for all endpoints that are awake, and for the rest', () => {
    expect(fanoutPerSecond(1_000_000)).toBe(100)
    expect(fanoutPerSecond(4_096)).toBe(51)
    expect(fanoutPerSecond(256)).toBe(3)
    expect(fanoutPerSecond(10)).toBe(1)
  })
})

function world(more: Partial<FanoutDeps> = {}) {
  const pauses: number[] = []
  const failed: string[] = []
  const unused = () => Promise.reject(new Error('unused'))
  const deps: FanoutDeps = {
    routingTable: () => Promise.resolve(buildRoutingTable([])),
    accept: unused,
    enqueueFanout: unused,
    logEvents: unused,
    readSegments: () => Promise.resolve([]),
    settlePage: () => Promise.resolve(),
    steer: { now: () => NOW } as FanoutDeps['steer'],
    after: (ms, next) => {
      pauses.push(ms)
      next()
      return () => undefined
    },
    pageFailed: (error) => failed.push((error as Error).message),
    ...more,
  }
  return { deps, pauses, failed }
}

function page(endpoints: number): FanoutMessage {
  const endpointIds = Array.from({ length: endpoints }, () => newId('ep', NOW))
  return { intake: 'default/src_a/enam', tenantId: 'default', segments: [1], page: 1, endpointIds }
}

/** The third time that the queue brings them. */
function batchOf(pages: FanoutMessage[]) {
  const results: string[] = []
  const messages = pages.map((body) => ({
    body,
    attempts: 3,
    ack: () => results.push('done'),
    retry: ({ delaySeconds }: { delaySeconds: number }) => results.push(`again in ${delaySeconds}`),
  }))
  return { batch: { messages } as unknown as MessageBatch<FanoutMessage>, results }
}
