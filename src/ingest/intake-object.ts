import { DurableObject } from 'cloudflare:workers'
import { systemClock } from '../model/clock.ts'
import { parseIntakeName, type AppendItem, type Appended, type Settlement } from '../model/intake.ts'
import { invariant } from '../model/invariant.ts'
import { routerOf } from '../objects.ts'
import { HandOvers } from './hand-over.ts'
import { Intake } from './intake.ts'
import { SegmentStore } from './segments.ts'

/** Events are replayable this long. */
const RETENTION_MS = 30 * 86_400_000
/** A hand-over that takes longer is taken for lost; a repeat is harmless. */
const ROUTE_MS_MAX = 60_000

/** The door of the intake: appends are durable when answered, and every segment is routed in the end. */
export class IntakeObject extends DurableObject<Env> {
  readonly #name: string
  readonly #store: SegmentStore
  readonly #handOvers: HandOvers
  readonly #intake: Intake
  /** The time of the alarm as far as this instance knows. */
  #armedAt: number | null = null

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    invariant(ctx.id.name !== undefined, 'IntakeObject: reached by an id without a name')
    this.#name = ctx.id.name
    this.#store = new SegmentStore(ctx.storage.sql)
    const shared = { store: this.#store, clock: systemClock, wakeBy: (at: number) => this.#wakeBy(at) }
    this.#handOvers = new HandOvers({
      ...shared,
      isOrdered: this.#name.split('/')[2] === 'ordered',
      route: (segments) => this.#route(segments),
      later: (callback, ms) => setTimeout(callback, ms),
    })
    this.#intake = new Intake({
      ...shared,
      turn: () => new Promise((resolve) => setTimeout(resolve, 0)),
      sync: () => ctx.storage.sync(),
      committed: (segment, records) => this.#handOvers.add(segment, records),
    })
    if (!this.#handOvers.isIdle) this.#handOvers.start()
  }

  /** Answers when every item is durable. */
  append(items: AppendItem[]): Promise<Appended[]> {
    return this.#intake.append(items)
  }

  /** The record of one event, or null when the retention has taken it. */
  read(segment: number, index: number): Uint8Array | null {
    return this.#store.readRecord(segment, index) ?? null
  }

  /** Whole segments, for a consumer of the fan-out queue. */
  readSegments(segments: number[]): { segment: number; records: Uint8Array }[] {
    return segments.flatMap((segment) => {
      const records = this.#store.read(segment)
      return records ? [{ segment, records }] : []
    })
  }

  settlePage(segments: number[], page: number): void {
    for (const segment of segments) this.#handOvers.settlePage(segment, page)
  }

  /** For the sweep: sets right whatever an accident left without an alarm. Returns the open segments. */
  async check(): Promise<number> {
    this.#armedAt = await this.ctx.storage.getAlarm()
    const due = this.#handOvers.nextDueAt()
    if (due !== undefined) this.#wakeBy(due)
    this.#handOvers.start()
    return this.#store.unsettled.size
  }

  override async alarm(): Promise<void> {
    this.#armedAt = null
    const due = this.#handOvers.nextDueAt()
    if (due !== undefined) this.#wakeBy(due)
    const now = systemClock.now()
    if (!this.#store.registered) await this.#register()
    this.#store.retain({ before: now - RETENTION_MS })
    if (this.#handOvers.isIdle) this.#store.mark(now)
    else this.#handOvers.start()
  }

  /** An alarm is a billed row: it is only moved when it must come earlier. */
  #wakeBy(at: number): void {
    if (this.#armedAt !== null && this.#armedAt <= at) return
    // Workerd may never fire an alarm that is set for this very millisecond.
    const when = Math.max(at, systemClock.now() + 1)
    this.#armedAt = when
    void this.ctx.storage.setAlarm(when)
  }

  async #route(segments: { segment: number; records: Uint8Array }[]): Promise<Settlement> {
    const { tenantId, sourceId } = parseIntakeName(this.#name)
    const route = routerOf(this.ctx).handOver({ intake: this.#name, tenantId, sourceId, segments })
    let timer: ReturnType<typeof setTimeout> | null = null
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('route took too long')), ROUTE_MS_MAX)
    })
    try {
      return await Promise.race([route, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Makes the object known to the sweep. A failure is tried again with the next alarm. */
  async #register(): Promise<void> {
    try {
      await routerOf(this.ctx).registerIntake(this.#name)
      this.#store.registered = true
    } catch {
      this.#wakeBy(systemClock.now() + ROUTE_MS_MAX)
    }
  }
}
