import { steering } from '../support/steering.ts'
import { writeLog } from '../../src/db/log-writer.ts'
import { Inbox } from '../../src/ingest/inbox.ts'
import { SegmentStore } from '../../src/ingest/segments.ts'
import { consumeLog } from '../../src/log/consume.ts'
import type { FanoutMessage } from '../../src/model/accept.ts'
import type { LogMessage } from '../../src/model/delivery-log.ts'
import type { Endpoint } from '../../src/model/endpoint.ts'
import type { EndpointId } from '../../src/model/id.ts'
import type { AppendItem, Appended, HandOver, Settlement } from '../../src/model/intake.ts'
import { objectNames } from '../../src/model/shard.ts'
import { consumeFanout } from '../../src/route/consume.ts'
import { routeHandOver, type RouteDeps } from '../../src/route/route.ts'
import { RoutingCache } from '../../src/route/routing-cache.ts'
import { sweep } from '../../src/sweep/sweep.ts'
import { ConfigDatabase, LogDatabase } from './databases.ts'
import { EndpointDoor } from './endpoint-door.ts'
import { Faults } from './faults.ts'
import { call, Host, type Life } from './host.ts'
import { Ledger } from './invariants.ts'
import { Queue } from './queue.ts'
import { SimReceiver } from './receiver.ts'
import type { Sim } from './sim.ts'

/** Few, so that a run with few endpoints has fan-outs in pages too. */
const FANOUT_LIMITS = { directObjectsMax: 3, pageEndpoints: 2 }
/** As in `wrangler.toml`. What is given up there is gone here. */
const LOG_RETRIES_MAX = 100
const FANOUT_RETRIES_MAX = 10
const SWEEP_MS = 60_000

/** The whole relay in one process: real stages and objects; what lies between them is played. */
export class World {
  readonly sim: Sim
  readonly faults: Faults
  readonly ledger: Ledger
  readonly config: ConfigDatabase
  readonly log: LogDatabase
  readonly intakes = new Map<string, Host<Inbox>>()
  /** Objects of endpoints, by name. */
  readonly endpoints = new Map<string, Host<EndpointDoor>>()
  readonly receivers = new Map<EndpointId, SimReceiver>()
  readonly #registered = new Set<string>()
  /** Segments that route has seen, by intake and number. */
  readonly #routed = new Set<string>()
  readonly #routing = new RoutingCache()
  readonly #logQueue: Queue<LogMessage>
  readonly #fanoutQueue: Queue<FanoutMessage>
  #sweeps = true

  constructor(sim: Sim) {
    this.sim = sim
    this.faults = new Faults(sim.dice)
    this.config = new ConfigDatabase(sim, this.faults)
    this.log = new LogDatabase(sim, this.faults)
    this.ledger = new Ledger(sim)
    const shared = { sim, faults: this.faults }
    this.#logQueue = new Queue({
      ...shared,
      name: 'log',
      batchMax: 100,
      retriesMax: LOG_RETRIES_MAX,
      consume: (batch) => consumeLog(batch, this.#logDeps()),
    })
    this.#fanoutQueue = new Queue({
      ...shared,
      name: 'fanout',
      batchMax: 10,
      retriesMax: FANOUT_RETRIES_MAX,
      consume: (batch) =>
        consumeFanout(batch, { ...this.#routeDeps(), after: sim.after, pageFailed: () => undefined }),
    })
    this.#sweepLater()
  }

  addIntake(name: string): void {
    const make = (life: Life) => this.#inbox(name, life)
    this.intakes.set(name, new Host({ sim: this.sim, faults: this.faults, name, make, syncs: true }))
  }

  /** An endpoint whose objects learn its settings as the API tells them. */
  addEndpoint(endpoint: Omit<Endpoint, 'version'>): void {
    const { id } = endpoint
    const { sim, ledger } = this
    const name = `receiver ${id.slice(-2)}`
    const receiver = new SimReceiver(sim, name, (delivery, body) => ledger.received(id, delivery, body))
    this.receivers.set(id, receiver)
    for (const object of objectNames(endpoint)) this.#addObject(object, receiver)
    void this.change(endpoint).catch(() => undefined)
  }

  #addObject(name: string, receiver: SimReceiver): void {
    const { sim, faults, ledger, config } = this
    const make = (life: Life) =>
      new EndpointDoor(name, life, {
        sim,
        ledger,
        fetch: (_, init) => receiver.fetch(init),
        sendLog: (message, from) => this.#logQueue.send([message], from),
        notify: (known, { kind }) => (kind === 'disabled' ? this.disable(known.id) : Promise.resolve()),
        findEndpoint: (wanted) => config.read(() => config.endpoints.get(wanted)),
        settled: (intake, segments, object) =>
          void this.#settlePage(intake, segments, object).catch(() => undefined),
      })
    this.endpoints.set(name, new Host({ sim, faults, name, make, syncs: false }))
  }

  /** As the API does it: the row first, then the object is told, which may fail. */
  async change(endpoint: Omit<Endpoint, 'version'>): Promise<void> {
    const written = this.config.putEndpoint(endpoint)
    await Promise.all(
      objectNames(written).map(async (name) => {
        const host = this.endpoints.get(name)
        if (host) await this.#call(host, 'configure', ({ queue }) => queue.configure(written))
      }),
    )
  }

  async disable(id: EndpointId): Promise<void> {
    const known = await this.config.read(() => this.config.endpoints.get(id))
    if (known?.settings.state !== 'active') return
    await this.change({ ...known, settings: { ...known.settings, state: 'disabled' } })
  }

  append(intake: string, items: AppendItem[]): Promise<Appended[]> {
    const host = this.intakes.get(intake)
    if (!host) return Promise.reject(new Error(`no intake ${intake}`))
    return this.#call(host, 'append', (object) => object.append(items))
  }

  crash(host: Host<Inbox> | Host<EndpointDoor>): void {
    if (!host.life) return
    this.faults.accidents.crashes++
    this.sim.trace(`${host.name} crashes`)
    host.crash()
    this.ledger.crashed(host.name)
  }

  hosts(): (Host<Inbox> | Host<EndpointDoor>)[] {
    return [...this.intakes.values(), ...this.endpoints.values()]
  }

  jump(ms: number): void {
    this.faults.accidents.clockJumps++
    this.sim.trace(`the clock jumps by ${ms}`)
    this.sim.jump(ms)
    for (const host of this.hosts()) host.rearm()
  }

  unknownIntakes(): string[] {
    return [...this.intakes.keys()].filter((name) => !this.#registered.has(name))
  }

  stopSweep(): void {
    this.#sweeps = false
  }

  #sweepLater(): void {
    this.sim.in(SWEEP_MS, 'sweep', () => {
      if (!this.#sweeps) return
      this.#sweepLater()
      void sweep({
        pageIntakes: () => this.config.read(() => [...this.#registered]),
        pageEndpoints: () => this.config.read(() => [...this.config.endpoints.values()].flatMap(objectNames)),
        checkIntake: async (name) => {
          const host = this.intakes.get(name)
          if (host) await this.#call(host, 'check', (object) => object.check())
        },
        checkEndpoint: async (name) => {
          const host = this.endpoints.get(name)
          if (host) await this.#call(host, 'check', (object) => object.check())
        },
        loadCursor: () => Promise.resolve(undefined),
        saveCursor: () => Promise.resolve(),
      }).catch(() => undefined)
    })
  }

  #inbox(name: string, life: Life): Inbox {
    const { sim } = this
    return new Inbox({
      store: new SegmentStore(life.sql),
      name,
      clock: sim.clock,
      after: life.after,
      alarm: life.alarm,
      turn: () => new Promise((resolve) => void life.after(0, resolve)),
      sync: () => life.sync(),
      route: (handOver) => this.#handOver(handOver, life),
      register: () =>
        this.#fromLife(
          life,
          this.config.read(() => void this.#registered.add(name)),
        ),
    })
  }

  /** The loopback call: route runs in an isolate of its own, which may be lost with its answer. */
  #handOver(handOver: HandOver, life: Life): Promise<Settlement> {
    const { sim, faults } = this
    const fate = faults.call({ mayHang: true })
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) =>
        sim.in(faults.latency(), `route answers ${handOver.intake}`, () => {
          if (life.isAlive && fate !== 'hangs') settle()
        })
      if (fate === 'is lost') return void answer(() => reject(new Error('network')))
      sim.in(
        faults.latency(),
        `route ${handOver.intake} ${handOver.segments.map(({ segment }) => segment).join(' ')}`,
        () => {
          this.#count(handOver)
          void routeHandOver(handOver, this.#routeDeps(), FANOUT_LIMITS).then(
            (settlement) =>
              answer(() => (fate === 'arrives' ? resolve(settlement) : reject(new Error('network')))),
            (error: unknown) => answer(() => reject(error)),
          )
        },
      )
    })
  }

  #count({ intake, segments }: HandOver): void {
    for (const { segment } of segments) {
      const name = `${intake} ${segment}`
      if (this.#routed.has(name)) this.faults.accidents.segmentsAgain++
      this.#routed.add(name)
    }
  }

  #routeDeps(): RouteDeps {
    const { config } = this
    return {
      routingTable: (tenantId) =>
        this.#routing.get(tenantId, {
          version: () => config.routingVersion(),
          subscriptions: () => config.routedSubscriptions(),
        }),
      accept: async (name, batch) => {
        const host = this.endpoints.get(name)
        return host && (await this.#call(host, 'accept', (object) => object.accept(batch), true))
      },
      enqueueFanout: (messages) => this.#fanoutQueue.send(messages),
      logEvents: (events) => this.#logQueue.send([{ kind: 'events', events }]),
      readSegments: async (intake, segments) => {
        const host = this.intakes.get(intake)
        return host ? await this.#call(host, 'readSegments', (object) => object.readSegments(segments)) : []
      },
      settlePage: ({ intake, segments, page }) => this.#settlePage(intake, segments, page),
      steer: steering().deps,
    }
  }

  async #settlePage(intake: string, segments: number[], page: number | string): Promise<void> {
    const host = this.intakes.get(intake)
    if (host) await this.#call(host, 'settlePage', (object) => object.settlePage(segments, page))
  }

  #logDeps() {
    return {
      write: (messages: readonly LogMessage[]) => writeLog(this.log.d1, messages),
      confirm: async (object: string, receipts: number[]) => {
        const host = this.endpoints.get(object)
        if (host) await this.#call(host, 'confirm', ({ queue }) => queue.confirm(receipts))
      },
      writeFailed: () => undefined,
      rejectedThisHour: async () => 0,
      tell: async () => undefined,
    }
  }

  #call<T extends Inbox | EndpointDoor, R>(
    host: Host<T>,
    name: string,
    run: (object: T) => R | Promise<R>,
    mayHang = false,
  ): Promise<R> {
    return call(this, { host, name, mayHang, run })
  }

  /** An answer that comes after the death of who asked reaches nobody. */
  #fromLife<R>(life: Life, promise: Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => life.isAlive && resolve(value),
        (error: unknown) => life.isAlive && reject(error),
      )
    })
  }
}
