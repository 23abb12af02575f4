import type { BatchMember, BatchRow } from '../model/batch.ts'
import { batchIdOf, type BatchId } from '../model/id.ts'
import type { AttemptInput } from './attempt.ts'
import type { Backlog } from './backlog.ts'
import type { Lanes } from './lanes.ts'
import type { DeliveryStore, StoredDelivery } from './store.ts'

/** What goes in one request: a delivery, or a batch of them. */
export interface Parcel {
  /** Under which it is due and in flight. */
  unit: number
  keys: (string | null)[]
  /** Without those that the journal has lost. */
  members: { position: number; delivery: StoredDelivery }[]
  /** With this one. Of a batch: its own. */
  attempts: number
  batch: BatchRow | undefined
  batchId: BatchId | undefined
}

export interface Packing {
  store: DeliveryStore
  backlog: Backlog
  lanes: Lanes
  keyOf(position: number): string | null
}

/** Takes what is to start now. A new batch is a row before it leaves, so that it stays the same from then on (I12). */
export function pack(kind: 'retry' | 'next', position: number, packing: Packing): Parcel {
  const { store, backlog, lanes } = packing
  const isUntriedRow = lanes.batches.get(position) === undefined && lanes.get(position)?.attempts === 0
  if (kind === 'next') compose(backlog.take(position).batch, packing)
  else if (isUntriedRow) compose(backlog.companions(position), packing)
  const batch = lanes.batches.get(position)
  if (batch) return packBatch(batch, packing)
  const key = kind === 'retry' ? (lanes.get(position)?.key ?? null) : packing.keyOf(position)
  lanes.start(position, key)
  const attempts = lanes.get(position)?.attempts ?? 0
  return single(position, { delivery: store.delivery(position), key, attempts })
}

/** What was taken before under this unit. `key`: of a delivery that goes by itself. */
export function parcelOf(
  unit: number,
  key: string | null,
  { store, lanes }: Pick<Packing, 'store' | 'lanes'>,
): Parcel {
  const batch = lanes.batches.get(unit)
  const attempts = lanes.get(unit)?.attempts ?? 0
  if (batch === undefined) return single(unit, { delivery: store.delivery(unit), key, attempts })
  const keys = [...new Set(batch.members.map(([, each]) => each))]
  const members = batch.members.flatMap(([position]) => {
    const delivery = store.delivery(position)
    return delivery ? [{ position, delivery }] : []
  })
  const batchId = batchIdOf(members.map(({ delivery }) => delivery.id))
  return { unit, keys, members, attempts: batch.attempts + 1, batch, batchId }
}

/** A delivery that goes by itself. `attempts`: before this one, if it has a row of its own. */
export function single(
  unit: number,
  {
    delivery,
    key,
    attempts = 0,
  }: { delivery: StoredDelivery | undefined; key: string | null; attempts?: number },
): Parcel {
  return {
    unit,
    keys: [key],
    members: delivery ? [{ position: unit, delivery }] : [],
    attempts: Math.max(attempts, delivery?.triedBefore ?? 0) + 1,
    batch: undefined,
    batchId: undefined,
  }
}

/** What the attempt is told. The first of a batch stands for it where one event is asked for. */
export function inputOf(
  { members, attempts, batchId }: Parcel,
  store: Pick<DeliveryStore, 'aggregateOf'>,
): Omit<AttemptInput, 'secrets' | 'settings'> | undefined {
  const [first] = members
  if (first === undefined) return undefined
  const { id: deliveryId, event } = first.delivery
  if (batchId === undefined) return { deliveryId, event, attempt: attempts }
  const items = members.map(({ delivery: { id, event } }) => ({ id, event }))
  const aggregate = store.aggregateOf(first.position)
  const batch = { id: batchId, items, ...(aggregate && { key: aggregate[0] }) }
  return { deliveryId, event, attempt: attempts, batch }
}

function compose(positions: number[] | undefined, { store, backlog, lanes, keyOf }: Packing): void {
  if (positions === undefined) return
  const members = positions.map((position): BatchMember => {
    const row = lanes.get(position)
    return [position, row ? row.key : keyOf(position), store.delivery(position)?.triedBefore ?? 0]
  })
  lanes.join(members)
  for (const position of positions) backlog.settle(position)
}

function packBatch(batch: BatchRow, { store, lanes }: Packing): Parcel {
  for (const [position, key] of batch.members) lanes.start(position, key)
  const lost = batch.members.filter(([position]) => store.delivery(position) === undefined)
  const parcel = parcelOf(batch.id, null, { store, lanes })
  for (const [position] of lost) lanes.drop(position)
  return parcel
}
