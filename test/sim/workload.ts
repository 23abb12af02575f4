import { utf8 } from '../../src/model/bytes.ts'
import { endpointSettingsSchema, type Endpoint } from '../../src/model/endpoint.ts'
import { encodeEvent, type Event } from '../../src/model/event.ts'
import {
  firstIdAt,
  type EndpointId,
  type EventId,
  type Prefix,
  type SourceId,
  type SubscriptionId,
} from '../../src/model/id.ts'
import { parseIntakeName, type AppendItem } from '../../src/model/intake.ts'
import type { Subscription } from '../../src/model/subscription.ts'
import type { Dice } from '../support/random.ts'
import { MOODS } from './receiver.ts'
import type { World } from './world.ts'

const WINDOW_MS = 86_400_000
const TRIES_MAX = 6
const TYPES = ['lead.created', 'lead.lost', 'order.paid'] as const
const PATTERNS = [[], [], ['*'], ['lead.*'], ['order.paid', 'lead.lost']] as const
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Settings that differ between endpoints and stay. */
const POLICIES = [
  { retry: { scheduleSeconds: [0, 1, 5, 30] } },
  { retry: { scheduleSeconds: [0, 0, 0] } },
  { retry: { preset: 'crm' } },
  { retry: { preset: 'none' } },
  { retry: { preset: 'standard' } },
  { retry: { strategy: 'exponential', initialSeconds: 2, maxSeconds: 600, attempts: 8 } },
] as const
/** And those that change under way. */
const PACES = [
  {},
  { adaptive: false },
  { adaptive: true },
  { rateLimit: null },
  { concurrency: 2 },
  { concurrency: 6 },
  { rateLimit: { limit: 2, periodSeconds: 1 } },
  { rateLimit: { limit: 30, periodSeconds: 60, burst: 3 } },
  { circuit: { failures: 3, failingSeconds: 1, cooldownSeconds: 5, cooldownSecondsMax: 60 } },
  { timeoutMs: 1_000 },
  { batch: null },
  { batch: { maxEvents: 5, maxSeconds: 10 } },
] as const

/** Who uses the relay, and who breaks it. */
export class Workload {
  readonly #world: World
  readonly #dice: Dice
  readonly #events = new Map<EventId, Event>()
  /** Since when each subscription has wanted events without a break. */
  readonly #wantedSince = new Map<SubscriptionId, number>()
  #keys = 0

  constructor(world: World) {
    this.#world = world
    this.#dice = world.sim.dice
    const ordered = this.#id<SourceId>('src')
    for (const name of [
      `default/${ordered}/ordered`,
      `default/${this.#id('src')}/enam`,
      'default/publish/weur',
    ])
      world.addIntake(name)
    const count = this.#dice.int(1, 6)
    for (let i = 0; i < count; i++) {
      const id = this.#id<EndpointId>('ep')
      world.addEndpoint({ id, tenantId: 'default', secrets: [], settings: this.#settings() })
      this.#subscribe(id)
      if (this.#dice.isHit(0.2)) this.#subscribe(id)
    }
  }

  /** Something happens. */
  step(): void {
    const { sim, log, config } = this.#world
    const roll = this.#dice.int(1, 100)
    if (roll <= 60) void this.#send(TRIES_MAX)
    else if (roll <= 72) this.#crashOne()
    else if (roll <= 84) this.#changeMood()
    else if (roll <= 90) this.#changeEndpoint()
    else if (roll <= 93) this.#changeSubscription()
    else if (roll <= 95) log.isDown = this.#dice.isHit(0.5)
    else if (roll <= 96) config.isDown = this.#dice.isHit(0.3)
    else if (roll <= 97) this.#world.jump(this.#dice.int(-3_600_000, 3_600_000))
    else sim.trace('nothing happens for long')
  }

  /** Time until the next step: bursts, and now and then a long silence. */
  pause(): number {
    const roll = this.#dice.int(1, 20)
    if (roll <= 10) return this.#dice.int(0, 50)
    return roll <= 19 ? this.#dice.int(0, 3_000) : this.#dice.int(0, 300_000)
  }

  /** The owners set their endpoints going again, while things still go wrong. */
  resumeAll(): void {
    const { config } = this.#world
    for (const { id, settings } of config.endpoints.values())
      this.#change(id, { ...settings, state: 'active' })
    config.isDown = false
  }

  /** And those again that a last answer has disabled. */
  resumeDisabled(): void {
    for (const { id, settings } of this.#world.config.endpoints.values())
      if (settings.state === 'disabled') this.#change(id, { ...settings, state: 'active' })
  }

  /** Everything goes well from now on. */
  calm(): void {
    const { faults, log, receivers } = this.#world
    faults.stop()
    log.isDown = false
    for (const receiver of receivers.values()) receiver.mood = 'kind'
  }

  /** One more event for each intake that the sweep does not know: an alarm lost so early only its traffic makes good. */
  sendLast(): void {
    for (const intake of this.#world.unknownIntakes()) void this.#send(1, intake)
  }

  /** The deliveries that must have come to an end for what was acknowledged. */
  *wanted(): Iterable<{ event: EventId; subscription: Subscription }> {
    for (const id of this.#world.ledger.acknowledged.keys()) {
      const head = this.#events.get(id)?.head
      if (!head) continue
      for (const subscription of this.#world.config.subscriptions.values()) {
        const since = this.#wantedSince.get(subscription.id) ?? Infinity
        if (subscription.state !== 'active' || head.receivedAt < subscription.createdAt) continue
        if ((this.#sentAt.get(id) ?? 0) < since || !wants(subscription, head)) continue
        yield { event: id, subscription }
      }
    }
  }

  /** By the clock that does not jump. */
  readonly #sentAt = new Map<EventId, number>()

  /** A provider sends a request until it is told that it was taken. Every try is an event of its own to us. */
  async #send(tries: number, to?: string): Promise<void> {
    const { sim, intakes } = this.#world
    const [first = '', ...others] = intakes.keys()
    const intake = to ?? this.#dice.pick([first, ...others])
    const keys = Array.from(
      { length: this.#dice.isHit(0.8) ? 1 : this.#dice.int(2, 12) },
      () => `k${++this.#keys}`,
    )
    const kinds = keys.map(() => ({ type: this.#dice.pick(TYPES), orderingKey: this.#orderingKey() }))
    let items: AppendItem[] = []
    for (let tried = 0; tried < tries; tried++) {
      // Our own repeat of a call has the same items; a provider's has new ones with the same keys.
      if (tried === 0 || this.#dice.isHit(0.7))
        items = keys.map((key, at) => this.#item(intake, key, kinds[at] ?? { type: TYPES[0] }))
      // A duplicate may come while the first is under way.
      if (this.#dice.isHit(0.1)) void this.#append(intake, keys, items).catch(() => undefined)
      try {
        return await this.#append(intake, keys, items)
      } catch {
        await new Promise<void>((resolve) =>
          sim.in(this.#dice.int(100, 5_000), 'a provider tries again', resolve),
        )
      }
    }
  }

  async #append(intake: string, keys: string[], items: AppendItem[]): Promise<void> {
    this.#world.ledger.answered(keys, await this.#world.append(intake, items))
  }

  #item(intake: string, key: string, kind: { type: string; orderingKey?: string | undefined }): AppendItem {
    const { sim } = this.#world
    const id = this.#id<EventId>('evt')
    const body = utf8(`{"key":"${key}","group":${this.#dice.int(1, 3)}}`)
    const head: Event['head'] = {
      id,
      ...parseIntakeName(intake),
      type: kind.type,
      receivedAt: sim.now(),
      contentType: 'application/json',
      metadata: {},
      ...(kind.orderingKey !== undefined && { orderingKey: kind.orderingKey }),
      bodyBytes: body.byteLength,
    }
    const event = { head, body }
    this.#events.set(id, event)
    this.#sentAt.set(id, sim.elapsed)
    return { id, record: encodeEvent(event), key, windowMs: WINDOW_MS }
  }

  #orderingKey(): string | undefined {
    return this.#dice.pick(['a', 'a', 'b', 'c', undefined])
  }

  #crashOne(): void {
    const [first, ...others] = this.#world.hosts()
    if (first) this.#world.crash(this.#dice.pick([first, ...others]))
  }

  #changeMood(): void {
    const [first, ...others] = this.#world.receivers.values()
    if (!first) return
    const receiver = this.#dice.pick([first, ...others])
    receiver.mood = this.#dice.isHit(0.4) ? 'kind' : this.#dice.pick(MOODS)
    this.#world.sim.trace(`${receiver.name} is ${receiver.mood}`)
  }

  #changeEndpoint(): void {
    const [first, ...others] = this.#world.config.endpoints.values()
    if (!first) return
    const { id, settings } = this.#dice.pick([first, ...others])
    const state = this.#dice.isHit(0.6) ? 'active' : 'paused'
    const pace = this.#dice.isHit(0.5) ? this.#dice.pick(PACES) : {}
    // With another number of objects a key moves to another one, which keeps no order across the move.
    const { concurrency } = settings
    this.#change(
      id,
      endpointSettingsSchema.parse({ ...settings, ...pace, ...(concurrency > 6 && { concurrency }), state }),
    )
  }

  #change(id: EndpointId, settings: Endpoint['settings']): void {
    void this.#world.change({ id, tenantId: 'default', secrets: [], settings }).catch(() => undefined)
  }

  #subscribe(endpointId: EndpointId): void {
    const { sim, config } = this.#world
    const subscription: Subscription = {
      id: this.#id<SubscriptionId>('sub'),
      tenantId: 'default',
      endpointId,
      sourceIds: [],
      eventTypes: [...this.#dice.pick(PATTERNS)],
      state: 'active',
      priority: this.#dice.pick(['high', 'normal', 'low']),
      createdAt: sim.now(),
      aggregate: this.#dice.isHit(0.2)
        ? {
            key: this.#dice.pick([null, '/group']),
            maxEvents: this.#dice.int(1, 8),
            maxSeconds: this.#dice.int(1, 20),
          }
        : null,
    }
    this.#wantedSince.set(subscription.id, sim.elapsed)
    config.putSubscription(subscription)
  }

  #changeSubscription(): void {
    const { sim, config } = this.#world
    const [first, ...others] = config.subscriptions.values()
    if (!first) return
    const known = this.#dice.pick([first, ...others])
    if (this.#dice.isHit(0.3)) return this.#subscribe(known.endpointId)
    const state = known.state === 'active' ? 'paused' : 'active'
    this.#wantedSince.set(known.id, sim.elapsed)
    config.putSubscription({ ...known, state })
  }

  #settings(): Endpoint['settings'] {
    return endpointSettingsSchema.parse({
      url: 'https://receiver.example/hook',
      signing: { scheme: 'none' },
      ordering: this.#dice.pick(['none', 'key', 'endpoint']),
      onExhausted: this.#dice.pick(['skip', 'skip', 'skip', 'block']),
      timeoutMs: 3_000,
      ...this.#dice.pick(POLICIES),
      ...this.#dice.pick(PACES),
      ...(this.#dice.isHit(0.3) && {
        batch: { maxEvents: this.#dice.int(1, 8), maxSeconds: this.#dice.int(1, 20) },
      }),
      ...(this.#dice.isHit(0.2) && { concurrency: this.#dice.int(7, 18) }),
    })
  }

  #id<T extends `${Prefix}_${string}`>(prefix: Prefix): T {
    const random = Array.from({ length: 16 }, () => ALPHABET.charAt(this.#dice.int(0, 31))).join('')
    return `${firstIdAt(prefix, this.#world.sim.now()).slice(0, prefix.length + 11)}${random}` as T
  }
}

function wants({ eventTypes }: Subscription, { type }: { type: string }): boolean {
  if (eventTypes.length === 0) return true
  return eventTypes.some(
    (each) => each === '*' || each === type || (each === 'lead.*' && type.startsWith('lead.')),
  )
}
