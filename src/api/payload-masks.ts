import { getSource } from '../db/sources.ts'
import { getTenant } from '../db/tenants.ts'
import type { Event } from '../model/event.ts'
import type { SourceId, TenantId } from '../model/id.ts'
import { maskEvent } from '../model/mask-event.ts'
import { mergeMasking, type Masking } from '../model/masking.ts'
import { permits, type Scope } from '../model/token.ts'
import type { ApiDeps } from './deps.ts'

type Mask = (event: Event) => Promise<Event>

/**
 * Events as the caller may see them: by the rules as of their receipt and as they are now, unless the token has
 * `payloads:read`. For one call: it remembers what it has read.
 */
export function payloadMask(
  { db }: Pick<ApiDeps, 'db'>,
  { tenantId, scopes }: { tenantId: TenantId; scopes: readonly Scope[] },
): Mask {
  if (permits(scopes, 'payloads', 'read')) return async (event) => event
  const rules = new Map<SourceId | null, Promise<Masking | undefined>>()
  const tenant = getTenant(db, { id: tenantId }).then((found) => found?.settings.masking)
  const read = async (id: SourceId | null) =>
    mergeMasking(
      await tenant,
      id === null ? undefined : (await getSource(db, { tenantId, id }))?.settings.masking,
    )
  return async (event) => {
    const { sourceId, masking } = event.head
    const known = rules.get(sourceId) ?? read(sourceId)
    rules.set(sourceId, known)
    return maskEvent(event, mergeMasking(await known, masking))
  }
}
