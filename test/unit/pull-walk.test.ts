import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DeliveryId } from '../../src/model/id.ts'
import type { MessageId } from '../../src/model/pull.ts'
import { EndpointWorld } from '../support/endpoint-world.ts'

const HISTORIES = 400
const VISIBILITY_MS = 30_000
/** More attempts than a history has leases, so that nothing ends by itself. */
const RETRY = { scheduleSeconds: [0, ...Array.from({ length: 99 }, () => 1)] }

type Step =
  | { do: 'accept'; keys: (string | undefined)[] }
  | { do: 'poll'; limit: number }
  | { do: 'answer'; outcome: 'delivered' | 'retry' | 'rejected'; share: number }
  | { do: 'nextPage' }
  | { do: 'wait'; ms: number }
  | { do: 'writeLog' | 'loseLog' | 'crash' }

const accept = fc.record({
  do: fc.constant('accept' as const),
  keys: fc.array(fc.constantFrom('a', 'b', undefined), { minLength: 1, maxLength: 4 }),
})
const poll = fc.record({ do: fc.constant('poll' as const), limit: fc.integer({ min: 1, max: 5 }) })
const answer = fc.record({
  do: fc.constant('answer' as const),
  outcome: fc.constantFrom('delivered' as const, 'retry' as const, 'retry' as const, 'rejected' as const),
  share: fc.integer({ min: 1, max: 3 }),
})
const wait = fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(500, 2_000, VISIBILITY_MS) })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: accept },
  { weight: 5, arbitrary: poll },
  { weight: 3, arbitrary: answer },
  { weight: 1, arbitrary: fc.constant({ do: 'nextPage' as const }) },
  { weight: 2, arbitrary: wait },
  { weight: 3, arbitrary: fc.constant({ do: 'crash' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('writeLog' as const, 'loseLog' as const) }) },
)

/** A consumer that acknowledges, forgets, and asks again, while the object dies and the log is lost. */
class Consumer {
  readonly world: EndpointWorld
  readonly #ordering: string
  /** In the order of acceptance. */
  readonly #accepted: { id: MessageId; key: string | undefined }[] = []
  readonly #leases = new Map<MessageId, number>()
  readonly #ended = new Map<MessageId, 'delivered' | 'dead'>()
  #held: { id: MessageId; until: number; page: number }[] = []

  constructor(ordering: string) {
    this.#ordering = ordering
    this.world = new EndpointWorld({
      mode: 'pull',
      ordering,
      retry: RETRY,
      visibilitySeconds: VISIBILITY_MS / 1000,
    })
  }

  async take(each: Step): Promise<void> {
    const { world } = this
    switch (each.do) {
      case 'accept': {
        const { ids } = world.accept(each.keys.length, each.keys)
        ids.forEach((id, index) => this.#accepted.push({ id, key: each.keys[index] }))
        break
      }
      case 'poll':
        return await this.poll(each.limit)
      case 'answer': {
        const { outcome, share } = each
        const ids = this.#held.filter((_, index) => index % share === 0).map(({ id }) => id)
        const ended = world.queue.pull.acknowledge({ of: { ids }, outcome }).ids
        this.#over(ended, outcome)
        break
      }
      case 'nextPage': {
        const [first] = this.#alive()
        return await this.poll(2, first?.page)
      }
      case 'wait':
        return await this.wait(each.ms)
      default:
        world[each.do]()
    }
  }

  async poll(limit: number, page?: number): Promise<void> {
    if (page !== undefined) {
      const ofPage = this.#alive().filter((held) => held.page === page)
      this.#over(
        ofPage.map(({ id }) => id),
        'delivered',
      )
    }
    const ask = { limit, waitMs: 0, endpointVersion: 1, ...(page === undefined ? {} : { page }) }
    const polled = await this.world.queue.pull.poll(ask)
    for (const { id, attempt, leasedUntil } of polled.messages) {
      expect(this.#ended.has(id), 'I11: what has ended comes again').toBe(false)
      expect(
        this.#alive().some((held) => held.id === id),
        'two have it',
      ).toBe(false)
      expect(this.#before(id), 'I5').toEqual([])
      const leases = (this.#leases.get(id) ?? 0) + 1
      expect(attempt, 'each lease is one attempt').toBe(leases)
      this.#leases.set(id, leases)
      this.#held.push({ id, until: leasedUntil, page: polled.page ?? 0 })
    }
    const [next] = this.#alive().toSorted((a, b) => a.until - b.until)
    if (next) expect(this.world.queue.nextWakeAt(), 'I4').toBeLessThanOrEqual(next.until)
  }

  async wait(ms: number): Promise<void> {
    const until = this.world.now + ms
    while (this.world.alarmAt !== undefined && this.world.alarmAt <= until) await this.world.fireAlarm()
    this.world.now = until
  }

  /** Consumes what is left, and lets the log catch up. */
  async finish(): Promise<void> {
    for (let turn = 0; this.#ended.size < this.#accepted.length; turn++) {
      expect(turn, 'everything is consumed').toBeLessThan(500)
      await this.wait(VISIBILITY_MS + 2_000)
      await this.poll(100)
      const ids = this.#alive().map(({ id }) => id)
      this.#over(this.world.queue.pull.acknowledge({ of: { ids }, outcome: 'delivered' }).ids, 'delivered')
    }
    for (let alarms = 0; this.world.alarmAt !== undefined && alarms < 100; alarms++) {
      await this.world.fireAlarm()
      this.world.writeLog()
    }
    for (const { id } of this.#accepted) {
      const row = this.world.log.get(id as DeliveryId)
      expect(row?.status).toBe(this.#ended.get(id))
      const numbers = Object.keys(row?.attemptLog ?? {}).map(Number)
      expect(numbers, 'I9').toEqual(Array.from({ length: this.#leases.get(id) ?? 0 }, (_, at) => at + 1))
    }
    expect(this.world.queue.nextWakeAt(), 'nothing wakes an idle object').toBeUndefined()
  }

  #alive() {
    return this.#held.filter(({ id, until }) => until > this.world.now && !this.#ended.has(id))
  }

  #over(ids: readonly MessageId[], outcome: 'delivered' | 'retry' | 'rejected'): void {
    for (const id of ids)
      if (outcome !== 'retry') this.#ended.set(id, outcome === 'delivered' ? outcome : 'dead')
    this.#held = this.#held.filter(({ id }) => !ids.includes(id))
  }

  /** What must have ended before it. */
  #before(id: MessageId): MessageId[] {
    const at = this.#accepted.findIndex((each) => each.id === id)
    const own = this.#accepted[at]?.key
    const earlier = this.#accepted.slice(0, at).filter(({ key }) => {
      return this.#ordering === 'endpoint' || (this.#ordering === 'key' && own !== undefined && key === own)
    })
    return earlier.map((each) => each.id).filter((each) => !this.#ended.has(each))
  }
}

describe('random histories of one consumer', () => {
  it.each(['none', 'key', 'endpoint'])(
    'keep every invariant with ordering: %s',
    { timeout: 120_000 },
    (ordering) =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (history) => {
          const consumer = new Consumer(ordering)
          for (const each of history) await consumer.take(each)
          await consumer.finish()
        }),
        { numRuns: HISTORIES },
      ),
  )
})
