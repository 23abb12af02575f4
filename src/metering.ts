import { meteredBucket } from './meter/bucket.ts'
import { meteredDatabase } from './meter/database.ts'
import { intercept } from './meter/intercept.ts'
import { Meter, type Count } from './meter/meter.ts'
import { ObjectMeter } from './meter/object.ts'
import { meteredQueue, operationsOfReading } from './meter/queue.ts'
import type { Bill } from './model/bill.ts'
import { after, isoTime, systemClock, type After } from './model/clock.ts'

/** Optional: without it nothing is counted. */
interface MeterBindings {
  /** The share of objects and isolates that count what they cost, from 0 to 1. */
  HOOKWAY_METER?: string
}

type ObjectClass = new (ctx: DurableObjectState, env: Env) => object
type EntrypointClass = new (ctx: ExecutionContext, env: Env) => object
interface Doors {
  fetch(request: Request, env: Env, ...rest: never[]): unknown
  queue(batch: MessageBatch<never>, env: Env, ...rest: never[]): unknown
  scheduled(controller: ScheduledController, env: Env, ...rest: never[]): unknown
}

const meter = new Meter({ now: () => systemClock.now(), random: () => systemClock.random(), tell })
const isolates = new WeakMap<Env, { env: Env; count: Count | undefined }>()
const objects = new WeakMap<DurableObjectState, ObjectMeter>()

/** What this isolate has caused to be billed since it started. */
export function billedHere(): Bill {
  return meter.bill()
}

/** The Worker's doors: each request, batch and cron is billed, and what they do through the bindings. */
export function meteredHandler<Handler extends Doors>(handler: Handler): Handler {
  const doors: Doors = {
    fetch: (request, env, ...rest) => handler.fetch(request, enter(env), ...rest),
    queue(batch, env, ...rest) {
      const metered = enter(env)
      isolateOf(env).count?.('queue', 'queueOperations', operationsOfReading(batch))
      return handler.queue(batch, metered, ...rest)
    },
    scheduled: (controller, env, ...rest) => handler.scheduled(controller, enter(env), ...rest),
  }
  return { ...handler, ...doors }
}

/** The loopback: its calls are free, what they do is not. */
export function meteredEntrypoint<Class extends EntrypointClass>(Entrypoint: Class): Class {
  class Metered extends (Entrypoint as EntrypointClass) {
    constructor(ctx: ExecutionContext, env: Env) {
      super(ctx, isolateOf(env).env)
    }
  }
  return Metered as Class
}

/** An object of which every public method is a request. */
export function meteredObject<Class extends ObjectClass>(
  part: 'intake' | 'endpoint',
  ObjectOf: Class,
): Class {
  class Metered extends (ObjectOf as ObjectClass) {
    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, openObject(part, ctx, env))
    }
  }
  const prototype = ObjectOf.prototype as Record<string, (...args: unknown[]) => unknown>
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = prototype[name]
    if (name === 'constructor' || !method) continue
    Object.defineProperty(Metered.prototype, name, {
      value(this: { ctx: DurableObjectState }, ...args: unknown[]) {
        const run = () => method.apply(this, args)
        const metered = objects.get(this.ctx)
        return metered ? metered.request(name, run) : run()
      },
    })
  }
  return Metered as Class
}

/** Work of an object that no request waits for, and that keeps it awake. */
export function keepsAwake<Work extends (...args: never[]) => unknown>(
  ctx: DurableObjectState,
  work: Work,
): Work {
  const metered = objects.get(ctx)
  if (!metered) return work
  return ((...args: Parameters<Work>) => metered.during(() => work(...args))) as Work
}

/** The timers of an object. */
export function afterIn(ctx: DurableObjectState): After {
  return objects.get(ctx)?.after(after) ?? after
}

function enter(env: Env): Env {
  const isolate = isolateOf(env)
  isolate.count?.('worker', 'workerRequests', 1)
  return isolate.env
}

/** Each object decides for itself whether it is counted, once in its life in memory. */
function openObject(part: 'intake' | 'endpoint', ctx: DurableObjectState, env: Env): Env {
  const count = meter.counter(shareOf(env))
  if (!count) return env
  const now = () => systemClock.now()
  const metered = new ObjectMeter(ctx, {
    count: (operation, units) => count(part, operation, units),
    now,
  })
  objects.set(ctx, metered)
  const { exports } = ctx as { exports?: object }
  if (exports) {
    const loopback = new Proxy(exports, {
      get: (target, name) => metered.stub(Reflect.get(target, name) as object),
    })
    Object.defineProperty(ctx, 'exports', { value: loopback })
  }
  const waits = <Namespace extends object>(namespace: Namespace) =>
    intercept(namespace, (name, original) =>
      name === 'getByName' ? (...args) => metered.stub(original(...args) as object) : undefined,
    )
  return { ...meteredEnv(env, count), INTAKE: waits(env.INTAKE), ENDPOINT: waits(env.ENDPOINT) }
}

function isolateOf(env: Env): { env: Env; count: Count | undefined } {
  const known = isolates.get(env)
  if (known) return known
  const count = meter.counter(shareOf(env))
  const isolate = { env: count ? meteredEnv(env, count) : env, count }
  isolates.set(env, isolate)
  return isolate
}

function meteredEnv(env: Env, count: Count): Env {
  const rows =
    (part: 'log' | 'config') =>
    ({ read, written }: { read: number; written: number }) => {
      count(part, 'd1RowsRead', read)
      count(part, 'd1RowsWritten', written)
    }
  const queued = (operations: number) => count('queue', 'queueOperations', operations)
  return {
    ...env,
    DB: meteredDatabase(env.DB, rows('config')),
    LOG_DB: meteredDatabase(env.LOG_DB, rows('log')),
    LOG: meteredQueue(env.LOG, queued),
    FANOUT: meteredQueue(env.FANOUT, queued),
    REPLAY: meteredQueue(env.REPLAY, queued),
    BODIES: meteredBucket(env.BODIES, (operation) => count('bodies', operation, 1)),
  }
}

function shareOf(env: Env): number {
  return Number((env as MeterBindings).HOOKWAY_METER ?? 0)
}

function tell(bill: Bill): void {
  const counts = Object.fromEntries(bill.map(({ part, operation, count }) => [`${part}.${operation}`, count]))
  // oxlint-disable-next-line no-console -- objects live in isolates that nobody can ask, but for the platform's log
  console.log(JSON.stringify({ event: 'billed', at: isoTime(systemClock.now()), counts }))
}
