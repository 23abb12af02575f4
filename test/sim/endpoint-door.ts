import { attemptDelivery, type AttemptDeps } from '../../src/deliver/attempt.ts'
import { EndpointQueue } from '../../src/deliver/endpoint.ts'
import { DeliveryStore } from '../../src/deliver/store.ts'
import type { AcceptBatch } from '../../src/model/accept.ts'
import type { LogMessage } from '../../src/model/delivery-log.ts'
import type { Endpoint } from '../../src/model/endpoint.ts'
import type { EndpointId } from '../../src/model/id.ts'
import type { Notice } from '../../src/model/notice.ts'
import { makeTargetCheck } from '../../src/model/resolver.ts'
import type { Inhabitant, Life } from './host.ts'
import type { Ledger } from './invariants.ts'
import type { Sim } from './sim.ts'

const PUBLIC_ADDRESS = '93.184.215.14'

export interface DoorDeps {
  sim: Sim
  ledger: Ledger
  fetch: AttemptDeps['fetch']
  sendLog(message: LogMessage, from: Life): Promise<void>
  notify(endpoint: Endpoint, notice: Notice, from: Life): Promise<void>
  findEndpoint(id: EndpointId): Promise<Endpoint | undefined>
}

/** What the door of an endpoint's object does (`src/deliver/endpoint-object.ts`), without the platform's class. */
export class EndpointDoor implements Inhabitant {
  readonly queue: EndpointQueue
  readonly #id: EndpointId
  readonly #life: Life
  readonly #deps: DoorDeps

  constructor(id: EndpointId, life: Life, deps: DoorDeps) {
    this.#id = id
    this.#life = life
    this.#deps = deps
    const { sim, ledger, sendLog, notify } = deps
    const attemptDeps: AttemptDeps = {
      clock: sim.clock,
      after: life.after,
      fetch: deps.fetch,
      checkTarget: makeTargetCheck({ allow: [], resolve: () => Promise.resolve([PUBLIC_ADDRESS]) }),
      readBody: () => Promise.resolve(undefined),
    }
    this.queue = new EndpointQueue({
      store: new DeliveryStore(life.sql),
      clock: sim.clock,
      object: id,
      attempt: async (input, { settings }) => {
        const ended = ledger.started({ endpoint: id, life: life.number, settings, ...input })
        const attempted = await attemptDelivery({ ...input, settings, secrets: [] }, attemptDeps)
        // What comes back after its death reaches nobody.
        if (!life.isAlive) return await new Promise(() => undefined)
        ended(attempted.outcome, this.queue.endpoint?.settings ?? settings)
        return attempted
      },
      sendLog: (message) => sendLog(message, life),
      notify: (notice) => {
        const { endpoint } = this.queue
        if (endpoint) void notify(endpoint, notice, life).catch(() => undefined)
      },
      wakeBy: (at) => life.alarm.wakeBy(at),
    })
    this.queue.drain()
  }

  accept(batch: AcceptBatch): void {
    this.#deps.ledger.accepted(batch)
    this.queue.accept(batch)
    this.#refreshIfOlder(batch.endpointVersion)
  }

  async check(version?: number): Promise<void> {
    await this.#life.alarm.recheck()
    this.queue.arm()
    this.queue.drain()
    if (version !== undefined) this.#refreshIfOlder(version)
  }

  tick(): void {
    this.#life.alarm.fired()
    this.queue.arm()
    this.queue.tick()
  }

  #refreshIfOlder(version: number): void {
    if ((this.queue.endpoint?.version ?? -1) >= version) return
    void this.#deps.findEndpoint(this.#id).then(
      (endpoint) => {
        if (endpoint && this.#life.isAlive) this.queue.configure(endpoint)
      },
      () => undefined,
    )
  }
}
