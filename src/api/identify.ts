import { getEndpoint } from '../db/endpoints.ts'
import { getSource } from '../db/sources.ts'
import { getSubscription } from '../db/subscriptions.ts'
import { getTenant } from '../db/tenants.ts'
import { idSchema, type Id, type Prefix, type TenantId } from '../model/id.ts'
import { DEFAULT_TENANT, uidSchema } from '../model/tenant.ts'
import { notFound } from './amend.ts'
import { invalid } from './parse.ts'

/** Resources that a caller may give an id of its own, which then stands in the path where ours does. */
const BY_UID: Partial<
  Record<
    Prefix,
    (db: D1Database, by: { tenantId: TenantId; uid: string }) => Promise<{ id: string } | undefined>
  >
> = { src: getSource, ep: getEndpoint, sub: getSubscription, ten: getTenant }

/** The id that the path means: itself, or the resource with that uid. What can be neither is not found. */
export async function identify(
  db: D1Database,
  { tenantId, prefix, given }: { tenantId: TenantId; prefix: Prefix; given: string },
): Promise<Id<Prefix>> {
  if (prefix === 'ten' && given === DEFAULT_TENANT) return given as Id<'ten'>
  const parsed = idSchema(prefix).safeParse(given)
  if (parsed.success) return parsed.data
  const uid = uidSchema.safeParse(given)
  const found = uid.success ? await BY_UID[prefix]?.(db, { tenantId, uid: uid.data }) : undefined
  if (!found) throw notFound()
  return found.id as Id<Prefix>
}

/** The uid in the path of a PUT, which may not exist yet. */
export function parseUid(given: string): string {
  const parsed = uidSchema.safeParse(given)
  if (parsed.success) return parsed.data
  const message = parsed.error.issues[0]?.message ?? 'is not a uid'
  throw invalid([{ path: 'path.uid', message }])
}
