import { attemptDelivery, type AttemptDeps } from '../../src/deliver/attempt.ts'
import { EndpointQueue } from '../../src/deliver/endpoint.ts'
import { prepareMessage } from '../../src/deliver/message.ts'
import { DeliveryStore } from '../../src/deliver/store.ts'
import type { AcceptBatch } from '../../src/model/accept.ts'
import type { LogMessage } from '../../src/model/delivery-log.ts'
import type { Endpoint } from '../../src/model/endpoint.ts'
import type { EndpointId } from '../../src/model/id.ts'
import type { Notice } from '../../src/model/notice.ts'
import { ok } from '../../src/model/result.ts'
import { endpointOfObject } from '../../src/model/shard.ts'
import type { Inhabitant, Life } from './host.ts'
import type { Ledger } from './invariants.ts'
import type { Sim } from './sim.ts'

export interface DoorDeps {
  sim: Sim
  ledger: Ledger
  fetch: AttemptDeps['fetch']
  sendLog(message: LogMessage, from: Life): Promise<void>
  notify(endpoint: Endpoint, notice: Notice, from: Life): Promise<void>
  findEndpoint(id: EndpointId): Promise<Endpoint | undefined>
  settled(intake: string, segments: number[], object: string): void
}

/** What the door of an endpoint's object does (`src/deliver/endpoint-object.ts`), without the platform's class. */
export class EndpointDoor implements Inhabitant {
  readonly queue: EndpointQueue
  readonly #object: string
  readonly #life: Life
  readonly #deps: DoorDeps

  constructor(object: string, life: Life, deps: DoorDeps) {
    this.#object = object
    this.#life = life
    this.#deps = deps
    const { sim, ledger, sendLog, notify } = deps
    const attemptDeps: AttemptDeps = {
      clock: sim.clock,
      after: life.after,
      fetch: deps.fetch,
      checkTarget: (url) => Promise.resolve(ok(new URL(url))),
      readBody: () => Promise.resolve(undefined),
      tokens: { get: () => Promise.reject(new Error('no endpoint here asks for a token')) },
    }
    this.queue = new EndpointQueue({
      store: new DeliveryStore(life.sql),
      clock: sim.clock,
      object,
      attempt: async (input, { settings }) => {
        const ended = ledger.started({ object, life: life.number, settings, ...input })
        const attempted = await attemptDelivery({ ...input, settings, secrets: [] }, attemptDeps)
        // What comes back after its death reaches nobody.
        if (!life.isAlive) return await new Promise(() => undefined)
        ended(attempted.outcome, this.queue.endpoint?.settings ?? settings)
        return attempted
      },
      message: (input, { settings }) => prepareMessage({ ...input, settings, secrets: [] }, attemptDeps),
      after: life.after,
      sendLog: (message) => sendLog(message, life),
      notify: (notice) => {
        const { endpoint } = this.queue
        if (endpoint) void notify(endpoint, notice, life).catch(() => undefined)
      },
      settled: (intake, segments) => deps.settled(intake, segments, object),
      wakeBy: (at) => life.alarm.wakeBy(at),
    })
    this.queue.drain()
  }

  accept(batch: AcceptBatch): number[] {
    this.#deps.ledger.accepted(this.#object, batch)
    const borrowed = this.queue.accept(batch)
    this.#deps.ledger.borrowed(batch, borrowed)
    if ((this.queue.endpoint?.version ?? -1) < batch.endpointVersion) this.#refresh()
    return borrowed
  }

  async check(): Promise<void> {
    await this.#life.alarm.recheck()
    this.queue.arm()
    this.queue.drain()
    this.#refresh()
  }

  tick(): void {
    this.#life.alarm.fired()
    this.queue.arm()
    this.queue.tick()
  }

  #refresh(): void {
    void this.#deps.findEndpoint(endpointOfObject(this.#object)).then(
      (endpoint) => {
        if (endpoint && this.#life.isAlive) this.queue.configure(endpoint)
      },
      () => undefined,
    )
  }
}
