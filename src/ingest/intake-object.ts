import { DurableObject } from 'cloudflare:workers'
import { afterIn } from '../metering.ts'
import { Alarm } from '../model/alarm.ts'
import { after, systemClock } from '../model/clock.ts'
import type { AppendItem, Appended } from '../model/intake.ts'
import { invariant } from '../model/invariant.ts'
import type { RateLimit, RateVerdict } from '../model/rate-limit.ts'
import { routerOf } from '../objects.ts'
import { Inbox } from './inbox.ts'
import { SegmentStore } from './segments.ts'

/** The door of an intake. Everything it does is done in `inbox.ts`. */
export class IntakeObject extends DurableObject<Env> {
  readonly #inbox: Inbox

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const { name } = ctx.id
    invariant(name !== undefined, 'IntakeObject: reached by an id without a name')
    const { storage } = ctx
    this.#inbox = new Inbox({
      store: new SegmentStore(storage.sql),
      name,
      clock: systemClock,
      after: afterIn(ctx),
      alarm: new Alarm({
        clock: systemClock,
        read: () => storage.getAlarm(),
        write: (at) => void storage.setAlarm(at),
      }),
      turn: () => new Promise((resolve) => void after(0, resolve)),
      sync: () => storage.sync(),
      route: (handOver) => routerOf(ctx).handOver(handOver),
      register: () => routerOf(ctx).registerIntake(name),
    })
  }

  append(items: AppendItem[]): Promise<Appended[]> {
    return this.#inbox.append(items)
  }

  take(limit: RateLimit): RateVerdict {
    return this.#inbox.take(limit)
  }

  read(segment: number, index: number): Uint8Array | null {
    return this.#inbox.read(segment, index)
  }

  readRecords(events: { segment: number; index: number }[]): (Uint8Array | null)[] {
    return events.map(({ segment, index }) => this.#inbox.read(segment, index))
  }

  readSegments(segments: number[]): { segment: number; records: Uint8Array }[] {
    return this.#inbox.readSegments(segments)
  }

  erase(events: { segment: number; index: number }[]): { segments: number; bodyKeys: string[] } {
    return this.#inbox.erase(events)
  }

  settlePage(segments: number[], page: number | string): void {
    this.#inbox.settlePage(segments, page)
  }

  check(retentionMs?: number): Promise<number> {
    return this.#inbox.check(retentionMs)
  }

  override alarm(): Promise<void> {
    return this.#inbox.tick()
  }
}
