import { DatabaseSync } from 'node:sqlite'
import type { Sql } from '../../src/db/journal.ts'
import { Alarm } from '../../src/model/alarm.ts'
import type { After } from '../../src/model/clock.ts'
import { memorySql } from '../support/sqlite.ts'
import type { Faults } from './faults.ts'
import type { Sim } from './sim.ts'

/** No schedule waits for so long, clocks that jump included. */
const ALARM_MS_MAX = 10 * 86_400_000

/** What an object is given in one life: from its start until it is evicted or crashes. */
export interface Life {
  number: number
  isAlive: boolean
  sql: Sql
  alarm: Alarm
  after: After
  /** Timers that are set. */
  timers: number
  sync(): Promise<void>
  /** Runs when the life ends. */
  atDeath: Set<() => void>
}

export interface Inhabitant {
  tick(): void | Promise<void>
  check(): Promise<unknown>
}

interface HostDeps<T extends Inhabitant> {
  sim: Sim
  faults: Faults
  name: string
  make(life: Life): T
  /** Whether what was written and not synced may be lost. Where the platform holds every answer back until it is durable, losing it is like dying earlier. */
  syncs: boolean
}

/** The place of one object: its disk and its alarm stay, its memory comes and goes. */
export class Host<T extends Inhabitant> {
  readonly name: string
  readonly #deps: HostDeps<T>
  readonly #database = new DatabaseSync(':memory:')
  readonly #sql: Sql
  #alarmAt: number | null = null
  #syncedAlarmAt: number | null = null
  #isAlarmLost = false
  #isDirty = false
  #lives = 0
  #life: Life | undefined
  #inhabitant: T | undefined
  /** How often an alarm woke it. */
  wakes = 0

  constructor(deps: HostDeps<T>) {
    this.#deps = deps
    this.name = deps.name
    this.#sql = memorySql(this.#database)
  }

  get life(): Life | undefined {
    return this.#life
  }

  /** When an alarm will come; one that is lost never does. */
  get alarmAt(): number | null {
    return this.#isAlarmLost ? null : this.#alarmAt
  }

  /** The object, started if it is not in memory. */
  wake(): T {
    if (this.#inhabitant) return this.#inhabitant
    const life = this.#born()
    this.#life = life
    this.#inhabitant = this.#deps.make(life)
    return this.#inhabitant
  }

  /** Memory is lost, and with it all that it waited for. */
  crash(): void {
    const life = this.#life
    if (!life) return
    life.isAlive = false
    this.#life = undefined
    this.#inhabitant = undefined
    if (this.#isDirty) this.#end(this.#deps.faults.losesUnsynced() ? 'ROLLBACK' : 'COMMIT')
    for (const callback of life.atDeath) callback()
  }

  /** Sets the platform's timer by the wall clock, which may have jumped. */
  rearm(): void {
    const at = this.#alarmAt
    if (at === null) return
    const { sim, faults, name } = this.#deps
    const late = faults.alarm()
    this.#isAlarmLost = late === 'never'
    // A lost alarm may still stand in the storage.
    if (late === 'never') return this.#loseAlarm(sim.dice.isHit(0.5))
    sim.in(Math.max(0, at - sim.now()) + late, `alarm of ${name}`, () => {
      if (this.#alarmAt !== at) return
      if (sim.now() < at) return this.rearm()
      this.#fire()
    })
  }

  #loseAlarm(isForgotten: boolean): void {
    this.#deps.sim.trace(`the alarm of ${this.name} is lost`)
    if (isForgotten) this.#alarmAt = null
  }

  #fire(): void {
    // The platform repeats an alarm whose handler's writes are lost.
    if (this.#deps.syncs && !this.#isDirty) this.#begin()
    this.#alarmAt = null
    this.wakes++
    void this.wake().tick()
  }

  #born(): Life {
    const { sim } = this.#deps
    const life: Life = {
      number: ++this.#lives,
      isAlive: true,
      timers: 0,
      atDeath: new Set(),
      sql: {
        exec: (query, ...bindings) => {
          if (!life.isAlive) sim.violate(`${this.name} writes after its death`)
          if (this.#deps.syncs && !this.#isDirty && !query.startsWith('SELECT')) this.#begin()
          return this.#sql.exec(query, ...bindings)
        },
      },
      alarm: new Alarm({
        clock: sim.clock,
        read: () => Promise.resolve(this.#alarmAt),
        write: (at) => {
          if (at > sim.now() + ALARM_MS_MAX) sim.violate(`${this.name} sets an alarm for ${at}`)
          if (this.#deps.syncs && !this.#isDirty) this.#begin()
          this.#alarmAt = at
          this.rearm()
        },
      }),
      after: (ms, callback) => this.#after(life, ms, callback),
      sync: () => this.#sync(life),
    }
    return life
  }

  #after(life: Life, ms: number, callback: () => void): () => void {
    let isSet = true
    const end = () => {
      if (isSet) life.timers--
      isSet = false
    }
    life.timers++
    const cancel = this.#deps.sim.in(ms, `timer of ${this.name}`, () => {
      end()
      if (life.isAlive) callback()
    })
    return () => {
      end()
      cancel()
    }
  }

  #sync(life: Life): Promise<void> {
    const { sim, faults, name } = this.#deps
    return new Promise((resolve) => {
      sim.in(faults.latency(), `disk of ${name}`, () => {
        if (!life.isAlive) return
        this.#flush()
        resolve()
      })
    })
  }

  #begin(): void {
    const { sim, faults, name } = this.#deps
    this.#isDirty = true
    this.#syncedAlarmAt = this.#alarmAt
    this.#database.exec('BEGIN')
    const life = this.#life
    sim.in(faults.latency(), `flush of ${name}`, () => {
      if (life === this.#life) this.#flush()
    })
  }

  #flush(): void {
    if (this.#isDirty) this.#end('COMMIT')
  }

  #end(how: 'COMMIT' | 'ROLLBACK'): void {
    this.#isDirty = false
    this.#database.exec(how)
    if (how === 'COMMIT') return
    this.#deps.sim.trace(`${this.name} loses what was not synced`)
    this.#alarmAt = this.#syncedAlarmAt
    this.rearm()
  }
}

/** Calls an object from a life (or from outside of any), over a network that may lose the call or its answer. */
export function call<T extends Inhabitant, R>(
  { sim, faults }: { sim: Sim; faults: Faults },
  {
    host,
    name,
    from,
    mayHang = false,
    run,
  }: {
    host: Host<T>
    name: string
    from?: Life | undefined
    mayHang?: boolean
    run(object: T): R | Promise<R>
  },
): Promise<R> {
  return new Promise((resolve, reject) => {
    const fate = faults.call({ mayHang })
    const answer = (what: string, settle: () => void) => {
      if (fate === 'hangs') return
      sim.in(faults.latency(), `${host.name}.${name} ${what}`, () => {
        if (from?.isAlive !== false) settle()
      })
    }
    if (fate === 'is lost') return answer('is lost', () => reject(new Error('network')))
    sim.in(faults.latency(), `${host.name}.${name}`, () => {
      const object = host.wake()
      const { life } = host
      const died = () => answer('died', () => reject(new Error('the object died')))
      life?.atDeath.add(died)
      // A call that runs when its object dies is over.
      const finish = (what: string, settle: () => void) => {
        if (!life?.isAlive) return
        life.atDeath.delete(died)
        answer(what, fate === 'arrives' ? settle : () => reject(new Error('network')))
      }
      void (async () => await run(object))().then(
        (result) => finish(fate === 'arrives' ? 'answers' : 'loses its answer', () => resolve(result)),
        (error: unknown) => finish('fails', () => reject(error)),
      )
    })
  })
}
