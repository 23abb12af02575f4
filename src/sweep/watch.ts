import { isoTime } from '../model/clock.ts'
import type { TenantId } from '../model/id.ts'
import type { SystemEvent } from '../model/notice.ts'
import type { SealedSecret } from '../model/seal.ts'

const DAY_MS = 86_400_000
/** As the documents ask. */
const SECRET_DAYS_MAX = 90
const TOKEN_WARNING_DAYS = 7
/** A token that has expired says so for a while before it is forgotten. */
const TOKEN_KEPT_DAYS = 30
/** Rows looked at in one run of each list. */
const BUDGET = 200

/** A source or endpoint with its secrets, newest first. Times in milliseconds. */
export interface Guarded {
  id: string
  tenantId: TenantId
  name: string
  secrets: SealedSecret[]
  updatedAt: number
}

export interface SharedSecret {
  id: string
  tenantId: TenantId
  name: string
  updatedAt: number
}

export interface ExpiringToken {
  id: string
  tenantId: TenantId
  name: string
  expiresAt: number | null
}

export interface WatchDeps {
  now(): number
  pageSources(after: string | undefined, limit: number): Promise<Guarded[]>
  pageEndpoints(after: string | undefined, limit: number): Promise<Guarded[]>
  /** Secrets that configuration names; the id is the tenant's and the name. */
  pageShared(after: string | undefined, limit: number): Promise<SharedSecret[]>
  pageTokens(after: string | undefined, limit: number): Promise<ExpiringToken[]>
  removeToken(token: ExpiringToken): Promise<void>
  tell(tenantId: TenantId, event: SystemEvent): Promise<void>
  loadCursor(list: string): Promise<string | undefined>
  saveCursor(list: string, cursor: string | undefined): Promise<void>
}

/** Looks once a day at what grows old: secrets that nobody rotates, tokens that will expire or have. */
export async function watch(deps: WatchDeps): Promise<void> {
  const now = deps.now()
  const stale = (kind: string) => async (guarded: Guarded) => {
    const days = staleDays(guarded, now)
    if (days === undefined) return
    const data = { [`${kind}Id`]: guarded.id, name: guarded.name, days }
    await deps.tell(guarded.tenantId, { type: `hookway.${kind}.secret_stale`, key: guarded.id, data })
  }
  await daily('source-secrets', deps.pageSources, stale('source'), deps)
  await daily('endpoint-secrets', deps.pageEndpoints, stale('endpoint'), deps)
  const staleShared = async ({ id, tenantId, name, updatedAt }: SharedSecret) => {
    const days = ageDays(updatedAt, now)
    if (days === undefined) return
    await deps.tell(tenantId, { type: 'hookway.secret.stale', key: id, data: { name, days } })
  }
  await daily('shared-secrets', deps.pageShared, staleShared, deps)
  await daily('tokens', deps.pageTokens, (token) => watchToken(token, deps), deps)
}

/** How old the newest secret is; undefined: not too old, or there is none. One of unknown age counts from the last change. */
function staleDays({ secrets: [newest], updatedAt }: Guarded, now: number): number | undefined {
  if (newest === undefined) return undefined
  return ageDays(newest.createdAt ?? updatedAt, now)
}

/** Undefined: not too old. */
function ageDays(since: number, now: number): number | undefined {
  const days = Math.floor((now - since) / DAY_MS)
  return days > SECRET_DAYS_MAX ? days : undefined
}

async function watchToken(token: ExpiringToken, deps: WatchDeps): Promise<void> {
  const { id, tenantId, name, expiresAt } = token
  if (expiresAt === null) return
  const left = expiresAt - deps.now()
  if (left < -TOKEN_KEPT_DAYS * DAY_MS) await deps.removeToken(token)
  else if (left > 0 && left < TOKEN_WARNING_DAYS * DAY_MS) {
    const data = { tokenId: id, name, expiresAt: isoTime(expiresAt) }
    await deps.tell(tenantId, { type: 'hookway.token.expiring', key: id, data })
  }
}

/** Goes through a list once a day (UTC), some at each run. `=` and the day stand for its end. */
async function daily<Row extends { id: string }>(
  list: string,
  page: (after: string | undefined, limit: number) => Promise<Row[]>,
  look: (row: Row) => Promise<void>,
  deps: WatchDeps,
): Promise<void> {
  const today = `=${Math.floor(deps.now() / DAY_MS)}`
  const cursor = await deps.loadCursor(list)
  if (cursor === today) return await deps.saveCursor(list, cursor)
  const rows = await page(cursor?.startsWith('=') === true ? undefined : cursor, BUDGET)
  for (const row of rows) await look(row)
  await deps.saveCursor(list, rows.length < BUDGET ? today : rows.at(-1)?.id)
}
