import type { AcceptDeps } from './ingest/accept.ts'
import { publishEvents } from './ingest/publish.ts'
import { utf8 } from './model/bytes.ts'
import { systemClock } from './model/clock.ts'
import type { TenantId } from './model/id.ts'
import type { SystemEvent } from './model/notice.ts'
import { appendWithRetry } from './model/object-call.ts'
import { intakeOf } from './objects.ts'

/** How events of any origin become durable. */
export function makeAcceptDeps(env: Env): AcceptDeps {
  return {
    append: (intake, region, items) => appendWithRetry(() => intakeOf(env, intake, region).append(items)),
    putBody: async (key, body) => {
      await env.BODIES.put(key, body)
    },
  }
}

/** Publishes an event of our own, which a subscription that names it can send anywhere. The same key is told once a day. */
export async function tell(env: Env, tenantId: TenantId, { type, key, data }: SystemEvent): Promise<void> {
  const now = systemClock.now()
  const publication = {
    type,
    body: utf8(JSON.stringify(data)),
    contentType: 'application/json',
    key: `${type} ${key}`,
    occurredAt: now,
    orderingKey: undefined,
    metadata: {},
  }
  await publishEvents({ tenantId, publications: [publication], now }, makeAcceptDeps(env))
}
