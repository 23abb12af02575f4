import { getEndpoint, type EndpointRecord } from './db/endpoints.ts'
import { attemptsOf, selectForReplay, type Selected } from './db/replay-selection.ts'
import { claimReplay, expireReplays, pageDueReplays, saveReplay } from './db/replays.ts'
import { routedSubscriptions } from './db/routing.ts'
import { settingsOf } from './env.ts'
import { systemClock } from './model/clock.ts'
import { decodeEvent, type Event } from './model/event.ts'
import { deliveryIdOf, type TenantId } from './model/id.ts'
import type { Replay } from './model/replay.ts'
import { endpointOf, intakeOf } from './objects.ts'
import { directTo } from './redeliver.ts'
import type { SweepDeps } from './replay/consume.ts'
import { LEASE_MS } from './replay/step.ts'
import { Drafts } from './route/drafts.ts'
import { buildRoutingTable, match, type RoutedSubscription } from './route/match.ts'
import { draft, type Routed } from './route/plan.ts'
import { remake } from './steering.ts'

/** Bodies within a record have up to 256 KiB, and one answer of an object at most 32 MiB. */
const RECORDS_AT_ONCE = 50

export function makeReplayDeps(env: Env): SweepDeps<Selected> {
  return {
    now: () => systemClock.now(),
    claim: (id, now) => claimReplay(env.DB, id, { now, until: now + LEASE_MS }),
    save: (replay, progress) => saveReplay(env.DB, replay, { progress, now: systemClock.now() }),
    select: ({ tenantId, query, cursor }, limit) =>
      selectForReplay(env.LOG_DB, { tenantId, query, after: cursor, limit }),
    handOver: (replay, rows) => handOver(env, replay, rows),
    enqueue: async (message, delaySeconds) => {
      await env.REPLAY.send(message, { delaySeconds })
    },
    pageDue: (now, limit) => pageDueReplays(env.DB, { now, limit }),
    expire: (before, limit) => expireReplays(env.DB, { before, limit }),
  }
}

/** How many deliveries an event of this type and source would become. */
export async function endpointsWanting(
  env: Env,
  tenantId: TenantId,
  events: readonly Pick<Event['head'], 'type' | 'sourceId'>[],
): Promise<RoutedSubscription['subscription']['endpointId'][][]> {
  const table = buildRoutingTable(await routedSubscriptions(env.DB, tenantId, settingsOf(env).sealer))
  return events.map((event) =>
    match(table, { ...event, receivedAt: Infinity }).map(({ subscription }) => subscription.endpointId),
  )
}

async function handOver(
  env: Env,
  replay: Replay,
  rows: Selected[],
): Promise<{ done: number; failed: number } | { gone: string }> {
  const { id, tenantId, endpointId } = replay
  const only = endpointId === null ? undefined : await getEndpoint(env.DB, { tenantId, id: endpointId })
  if (endpointId !== null && !only) return { gone: 'The endpoint was deleted.' }
  const records = await readRecords(env, rows)
  const targets = new Targets(
    env,
    tenantId,
    await routedSubscriptions(env.DB, tenantId, settingsOf(env).sealer),
  )
  const routes: Routed[] = []
  let failed = 0
  for (const row of rows) {
    const record = records.get(row)
    const event = record && decodeEvent(record)
    const found = event && (await targets.of(row, event, only))
    if (!record || !event || !found) failed++
    else {
      for (const routed of found) {
        const route = await remake(env, { tenantId, pointer: row.pointer, event, record, routed })
        if (route) routes.push(route)
        else failed++
      }
    }
  }
  const wanted = routes.map(({ event: { head }, routed }) => ({
    id: deliveryIdOf(head.id, routed.subscription.id),
    eventId: head.id,
  }))
  const tried = await attemptsOf(env.LOG_DB, tenantId, wanted)
  const drafts = new Drafts()
  for (const [at, route] of routes.entries()) {
    const triedBefore = tried.get(wanted[at]?.id ?? '')
    const more = triedBefore === undefined ? {} : { triedBefore }
    draft(drafts, route, { class: 'replay', origin: id, ...more })
  }
  await Promise.all(
    [...drafts.batches()].map(async ([object, batches]) => {
      for (const batch of batches) await endpointOf(env, object).accept(batch)
    }),
  )
  return { done: routes.length, failed }
}

/** Who gets a row of a replay. */
class Targets {
  readonly #env: Env
  readonly #tenantId: TenantId
  readonly #subscriptions: RoutedSubscription[]
  readonly #table: ReturnType<typeof buildRoutingTable>
  readonly #endpoints = new Map<string, EndpointRecord | undefined>()

  constructor(env: Env, tenantId: TenantId, subscriptions: RoutedSubscription[]) {
    this.#env = env
    this.#tenantId = tenantId
    this.#subscriptions = subscriptions
    this.#table = buildRoutingTable(subscriptions)
  }

  /** Undefined: the endpoint is gone. A subscription counts for events that were received before it was made, too. */
  async of(
    { delivery }: Selected,
    { head }: Event,
    only: EndpointRecord | undefined,
  ): Promise<RoutedSubscription[] | undefined> {
    if (delivery && (only === undefined || only.id === delivery.endpointId)) {
      const { subscriptionId, endpointId } = delivery
      const own = this.#subscriptions.find(({ subscription }) => subscription.id === subscriptionId)
      if (own) return [own]
      const endpoint = await this.#endpoint(endpointId)
      return endpoint && [directTo(endpoint, subscriptionId)]
    }
    const wanted = match(this.#table, { ...head, receivedAt: Infinity })
    if (!only) return wanted
    const its = wanted.filter(({ subscription }) => subscription.endpointId === only.id)
    return its.length > 0 ? its : [directTo(only)]
  }

  async #endpoint(id: string): Promise<EndpointRecord | undefined> {
    if (!this.#endpoints.has(id)) {
      this.#endpoints.set(id, await getEndpoint(this.#env.DB, { tenantId: this.#tenantId, id }))
    }
    return this.#endpoints.get(id)
  }
}

/** The events of the rows, without those that retention took. */
async function readRecords(env: Env, rows: readonly Selected[]): Promise<Map<Selected, Uint8Array>> {
  const records = new Map<Selected, Uint8Array>()
  for (const [intake, own] of Map.groupBy(rows, ({ pointer }) => pointer.intake)) {
    if (intake === '') continue
    for (let i = 0; i < own.length; i += RECORDS_AT_ONCE) {
      const part = own.slice(i, i + RECORDS_AT_ONCE)
      const read = await intakeOf(env, intake).readRecords(part.map(({ pointer }) => pointer))
      for (const [at, row] of part.entries()) {
        const record = read[at]
        if (record) records.set(row, record)
      }
    }
  }
  return records
}
