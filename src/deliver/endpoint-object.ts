import { DurableObject } from 'cloudflare:workers'
import { settingsOf } from '../env.ts'
import { afterIn, keepsAwake } from '../metering.ts'
import type { AcceptBatch, DeliveryRef } from '../model/accept.ts'
import { Alarm } from '../model/alarm.ts'
import { after, systemClock } from '../model/clock.ts'
import type { ErasedEvent } from '../model/erasure.ts'
import type { Endpoint } from '../model/endpoint.ts'
import { invariant } from '../model/invariant.ts'
import type { BatchId } from '../model/id.ts'
import type { Acknowledged, Acknowledgement, Poll, Polled } from '../model/pull.ts'
import type { ByHand } from '../model/rpc.ts'
import { endpointOfObject } from '../model/shard.ts'
import { replyOf, type AwaitedDelivery, type Reply } from '../model/reply.ts'
import { intakeOf, routerOf } from '../objects.ts'
import { Answers } from './answers.ts'
import { attemptDelivery, type AttemptDeps } from './attempt.ts'
import { EndpointQueue } from './endpoint.ts'
import { eraseEvents } from './erase.ts'
import { forgetOld } from './forget.ts'
import type { EndpointDeps } from './endpoint-deps.ts'
import type { Notice } from '../model/notice.ts'
import { prepareMessage } from './message.ts'
import { liveSecrets, openSettings } from './secrets.ts'
import { DeliveryStore } from './store.ts'
import { TokenCache } from './token.ts'

/** The door of one endpoint's deliveries. Everything it decides is decided in `endpoint.ts`. */
export class EndpointObject extends DurableObject<Env> {
  readonly #queue: EndpointQueue
  readonly #alarm: Alarm
  readonly #answers = new Answers({ clock: systemClock, after })

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const object = ctx.id.name
    invariant(object !== undefined, 'EndpointObject: reached by an id without a name')
    const { sealer, checkTarget, readBody } = settingsOf(env)
    this.#alarm = new Alarm({
      clock: systemClock,
      read: () => ctx.storage.getAlarm(),
      write: (at) => void ctx.storage.setAlarm(at),
    })
    const outward = {
      clock: systemClock,
      after,
      fetch: (url: string, init: RequestInit) => fetch(url, init),
      checkTarget,
    }
    const deps: AttemptDeps = { ...outward, readBody, tokens: new TokenCache(outward) }
    const opened = async (endpoint: Endpoint) => ({
      secrets: await liveSecrets(endpoint, sealer, systemClock.now()),
      settings: await openSettings(endpoint, sealer),
    })
    this.#queue = new EndpointQueue({
      store: new DeliveryStore(ctx.storage.sql),
      clock: systemClock,
      object,
      attempt: keepsAwake<EndpointDeps['attempt']>(ctx, async (input, endpoint) => {
        const attempted = await attemptDelivery({ ...input, ...(await opened(endpoint)) }, deps)
        if (input.event.head.isAwaited) this.#answers.conclude(input.deliveryId, replyOf(attempted.answer))
        return attempted
      }),
      message: async (input, endpoint) => prepareMessage({ ...input, ...(await opened(endpoint)) }, deps),
      after: afterIn(ctx),
      sendLog: async (message) => {
        const isWritten = await routerOf(ctx).writeLog(message)
        if (isWritten && message.kind === 'deliveries') this.#queue.confirm([message.receipt])
      },
      notify: (notice) => void this.#notify(notice),
      // One that is lost is made good by the next hand-over of the same segments.
      settled: (intake, segments) =>
        void intakeOf(env, intake)
          .settlePage(segments, object)
          .catch(() => undefined),
      wakeBy: (at) => this.#alarm.wakeBy(at),
    })
    this.#queue.drain()
  }

  /** Answers when the batch is durable, but for the segments of the answer; a repeat is recognised. */
  accept(batch: AcceptBatch): number[] {
    const borrowed = this.#queue.accept(batch)
    if ((this.#queue.endpoint?.version ?? -1) < batch.endpointVersion) void this.#refresh()
    return borrowed
  }

  /** New settings take effect with the next attempt. */
  configure(endpoint: Endpoint): void {
    this.#queue.configure(endpoint)
    if (this.#startsFrom() === Infinity) this.#answers.giveUp('held')
  }

  /** What the endpoint answers to a delivery, or why nobody will know in time. */
  answer(delivery: AwaitedDelivery): Promise<Reply> {
    const isHeld = this.#startsFrom() > systemClock.now() + delivery.timeoutMs
    return this.#answers.wait(delivery, isHeld ? 'held' : undefined)
  }

  /** The endpoint was deleted: nothing more is sent, and what waited is cancelled, some at each alarm. */
  remove(endpoint: Endpoint): void {
    this.#queue.remove(endpoint)
  }

  /** The log has these outcomes. */
  confirm(receipts: number[]): void {
    this.#queue.confirm(receipts)
  }

  /** Makes a waiting delivery due now. */
  retry(delivery: DeliveryRef): ByHand {
    return this.#queue.order('retry', delivery)
  }

  /** Takes a waiting delivery back; durable when answered. */
  cancel(delivery: DeliveryRef): ByHand {
    return this.#queue.order('cancel', delivery)
  }

  /** Takes events out of the journal; what waits of them is cancelled. Durable when answered. */
  erase(events: ErasedEvent[], batchIds: BatchId[]): { journalRows: number; cancelled: number } {
    const { hands } = this.#queue
    if (!hands) return { journalRows: 0, cancelled: 0 }
    const erased = eraseEvents(hands, { events, batchIds })
    this.#queue.drain()
    this.#queue.arm()
    return erased
  }

  /** Leases messages of an endpoint that is polled. Waits for the first, if it is asked to. */
  async poll(poll: Poll): Promise<Polled> {
    if ((this.#queue.endpoint?.version ?? -1) < poll.endpointVersion) await this.#refresh()
    return await this.#queue.pull.poll(poll)
  }

  /** What a consumer made of its messages; durable when answered. */
  acknowledge(acknowledgement: Acknowledgement): Acknowledged {
    return this.#queue.pull.acknowledge(acknowledgement)
  }

  /** For the sweep: sets right whatever an accident left without an alarm, or without the endpoint's newest settings. */
  async check(retentionMs?: number): Promise<void> {
    await this.#alarm.recheck()
    this.#queue.arm()
    this.#queue.drain()
    const { hands } = this.#queue
    if (hands && retentionMs !== undefined) forgetOld(hands, retentionMs)
    await this.#refresh()
  }

  override alarm(): void {
    this.#alarm.fired()
    this.#queue.arm()
    this.#queue.tick()
  }

  /** Nothing is tried before then, whatever waits (ms). */
  #startsFrom(): number {
    return this.#queue.gate.startsFrom(this.#queue.endpoint?.settings)
  }

  /** A notice that is lost is no harm to a delivery; the next transition brings another. */
  async #notify(notice: Notice): Promise<void> {
    const endpoint = this.#queue.endpoint
    if (endpoint)
      await routerOf(this.ctx)
        .notify(endpoint, notice)
        .catch(() => undefined)
  }

  /** The call that should have brought newer settings was lost. The deliveries wait until they are here. */
  async #refresh(): Promise<void> {
    const endpoint = await routerOf(this.ctx)
      .findEndpoint(endpointOfObject(this.ctx.id.name ?? ''))
      .catch(() => undefined)
    if (endpoint) this.configure(endpoint)
  }
}
