import { getDelivery } from '../db/deliveries.ts'
import { getEndpoint } from '../db/endpoints.ts'
import { getEvent } from '../db/events.ts'
import type { DeliveryRef } from '../model/accept.ts'
import type { DeliveryRow } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { DeliveryId, TenantId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { notFound } from './amend.ts'
import { deliverySchema, showDelivery } from './deliveries.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Answer, type Operation } from './operation.ts'

/** What a person does to a delivery. */
export function orderOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/deliveries/:id/retries',
      summary: 'Try a delivery again now, whatever became of it; one that has ended begins anew with its id',
      access: 'deliveries',
      idPrefix: 'dlv',
      problems: ['conflict'],
      answers: { status: 202, schema: deliverySchema },
      run: async ({ tenantId, id, now }) => retry(deps, await find(deps, tenantId, id), now),
    }),
    operation({
      method: 'POST',
      path: '/deliveries/:id/cancellations',
      summary: 'Take back a delivery that waits, is held, or blocks its ordering key',
      access: 'deliveries',
      idPrefix: 'dlv',
      problems: ['conflict'],
      answers: { status: 200, schema: deliverySchema },
      run: async ({ tenantId, id }) => cancel(deps, await find(deps, tenantId, id)),
    }),
  ]
}

interface Found {
  row: DeliveryRow
  endpoint: Endpoint
  ref: DeliveryRef
}

async function find({ db, logDb }: ApiDeps, tenantId: TenantId, id: DeliveryId): Promise<Found> {
  const row = await getDelivery(logDb, tenantId, id)
  if (!row) throw notFound()
  const [endpoint, event] = await Promise.all([
    getEndpoint(db, { tenantId, id: row.endpointId }),
    getEvent(logDb, tenantId, row.eventId),
  ])
  if (!endpoint) throw new ProblemError('conflict', 'The endpoint of the delivery was deleted.')
  if (!event) throw payloadGone()
  return { row, endpoint, ref: { id, subscriptionId: row.subscriptionId, pointer: event.pointer } }
}

async function retry(deps: ApiDeps, { row, endpoint, ref }: Found, now: number): Promise<Answer> {
  const done = await deps.orderDelivery(endpoint, 'retry', ref)
  if (done.kind === 'full') throw tooMany()
  if (done.kind === 'absent') {
    // The log may be some seconds behind the object, and attempts must not be numbered twice.
    const triedBefore = Math.max(row.attempts, done.attempts)
    if (!(await deps.redeliver(endpoint, { ref, triedBefore }))) throw payloadGone()
  }
  if (done.kind === 'sending') return { status: 202, body: showDelivery(row) }
  const isHeld = endpoint.settings.state !== 'active'
  const status = isHeld ? 'held' : row.attempts === 0 ? 'pending' : 'retrying'
  return { status: 202, body: showDelivery({ ...row, status, nextAttemptAt: isHeld ? null : now }) }
}

async function cancel(deps: ApiDeps, { row, endpoint, ref }: Found): Promise<Answer> {
  const done = await deps.orderDelivery(endpoint, 'cancel', ref)
  switch (done.kind) {
    case 'done':
      return { status: 200, body: showDelivery({ ...row, status: 'cancelled', nextAttemptAt: null }) }
    case 'full':
      throw tooMany()
    case 'sending':
      throw new ProblemError(
        'conflict',
        'An attempt is under way. Cancel the delivery after it, if it fails.',
      )
    case 'absent':
      throw new ProblemError('conflict', 'The delivery has ended.')
  }
}

function payloadGone(): ProblemError {
  return new ProblemError('conflict', 'The payload of the delivery is past retention.')
}

function tooMany(): ProblemError {
  return new ProblemError('conflict', 'Too many such orders wait in this endpoint. Try again later.')
}
