import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { DELIVERIES } from '../../src/db/log-rows.ts'
import type { DeliveryRow, DeliveryStatus } from '../../src/model/delivery-log.ts'
import type { Endpoint } from '../../src/model/endpoint.ts'
import type { EndpointId, SubscriptionId } from '../../src/model/id.ts'
import type { Subscription } from '../../src/model/subscription.ts'
import type { RoutedSubscription } from '../../src/route/match.ts'
import type { Faults } from './faults.ts'
import type { Sim } from './sim.ts'

const MIGRATIONS = new URL('../../migrations/log/', import.meta.url)
const SCHEMA = readdirSync(MIGRATIONS)
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => readFileSync(new URL(name, MIGRATIONS), 'utf8'))
  .join('\n')

class Statement {
  readonly query: string
  readonly values: string[]

  constructor(query: string, values: string[] = []) {
    this.query = query
    this.values = values
  }

  bind(...values: unknown[]): Statement {
    return new Statement(this.query, values.map(String))
  }
}

export interface LoggedDelivery extends Pick<DeliveryRow, 'id' | 'attempts'> {
  status: DeliveryStatus
  /** Results by the number of the attempt. */
  log: Map<number, string>
}

/** D1 for the log: the real schema and the real statements, on SQLite in memory, behind a network. */
export class LogDatabase {
  readonly #sim: Sim
  readonly #faults: Faults
  readonly #database = new DatabaseSync(':memory:')
  readonly #statements = new Map<string, StatementSync>()
  isDown = false

  constructor(sim: Sim, faults: Faults) {
    this.#sim = sim
    this.#faults = faults
    this.#database.exec(SCHEMA)
  }

  readonly d1: D1Database = {
    prepare: (query) => new Statement(query),
    batch: (statements) => this.#batch(statements as Statement[]),
  }

  rows(): LoggedDelivery[] {
    const rows = this.#database.prepare(`SELECT id, status, attempts, attempt_log FROM ${DELIVERIES}`).all()
    return rows.map(({ id, status, attempts, attempt_log }) => {
      const log = JSON.parse(String(attempt_log)) as Record<string, { result: string }>
      return {
        id: String(id) as DeliveryRow['id'],
        status: String(status) as DeliveryStatus,
        attempts: Number(attempts),
        log: new Map(Object.entries(log).map(([number, { result }]) => [Number(number), result])),
      }
    })
  }

  #prepared(query: string): StatementSync {
    const statement = this.#statements.get(query) ?? this.#database.prepare(query)
    this.#statements.set(query, statement)
    return statement
  }

  #batch(statements: Statement[]): Promise<unknown[]> {
    const fate = this.#faults.call()
    return new Promise((resolve, reject) => {
      this.#sim.in(this.#faults.latency(), 'write to the log database', () => {
        if (this.isDown || fate === 'is lost') return reject(new Error('D1 is overloaded'))
        this.#database.exec('BEGIN')
        for (const { query, values } of statements) this.#prepared(query).run(...values)
        this.#database.exec('COMMIT')
        if (fate === 'arrives') resolve([])
        else reject(new Error('D1 did not answer'))
      })
    })
  }
}

/** D1 for the configuration, as far as the stages read it. */
export class ConfigDatabase {
  readonly #sim: Sim
  readonly #faults: Faults
  readonly endpoints = new Map<EndpointId, Endpoint>()
  readonly subscriptions = new Map<SubscriptionId, Subscription>()
  isDown = false
  #version = 1

  constructor(sim: Sim, faults: Faults) {
    this.#sim = sim
    this.#faults = faults
  }

  putEndpoint(endpoint: Omit<Endpoint, 'version'>): Endpoint {
    const version = (this.endpoints.get(endpoint.id)?.version ?? 0) + 1
    const written = { ...endpoint, version }
    this.endpoints.set(endpoint.id, written)
    this.#version++
    return written
  }

  putSubscription(subscription: Subscription): void {
    this.subscriptions.set(subscription.id, subscription)
    this.#version++
  }

  routingVersion(): Promise<number> {
    return this.read(() => this.#version)
  }

  routedSubscriptions(): Promise<RoutedSubscription[]> {
    return this.read(() =>
      [...this.subscriptions.values()].flatMap((subscription) => {
        const endpoint = this.endpoints.get(subscription.endpointId)
        return endpoint
          ? [{ subscription, endpointVersion: endpoint.version, endpoint: endpoint.settings }]
          : []
      }),
    )
  }

  /** What it holds at the moment of the read, if it answers. */
  read<T>(look: () => T): Promise<T> {
    const fate = this.#faults.call()
    return new Promise((resolve, reject) => {
      this.#sim.in(this.#faults.latency(), 'read of the configuration', () => {
        if (this.isDown || fate !== 'arrives') reject(new Error('D1 is overloaded'))
        else resolve(look())
      })
    })
  }
}
