import { z } from 'zod'
import { insertAudit, listAudit, type AuditRow } from '../db/audit.ts'
import { isoTime } from '../model/clock.ts'
import { newId, timeOfId, type TenantId, type TokenId } from '../model/id.ts'
import { maskValues } from '../model/masked-values.ts'
import { PROBLEMS, ProblemError } from '../model/problem.ts'
import type { ApiDeps } from './deps.ts'
import { operation, type Answer, type Operation } from './operation.ts'
import { answerScan, pageOf, pageQuery, pageSchema, timeQuery } from './page.ts'

const shownSchema = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  /** A token’s id, or `root`. */
  actor: z.string(),
  /** The call, as the contract names it: `patch-endpoints-id`. */
  action: z.string(),
  resource: z.string(),
  resourceId: z.string().nullable(),
  status: z.int(),
  /** Why it was refused. */
  code: z.string().nullable(),
  ip: z.string().nullable(),
  requestId: z.string(),
  /** As the API showed it; secrets are `***`. */
  before: z.unknown(),
  after: z.unknown(),
})

const LIST = 'audit'

export function auditOperations({ logDb }: ApiDeps): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/audit',
      summary:
        'List the calls that changed something or were refused to, newest first; kept for 400 days at least',
      access: 'audit',
      query: pageQuery.extend({
        actor: z.string().max(100).optional(),
        action: z.string().max(100).optional(),
        resource: z.string().max(50).optional(),
        resourceId: z.string().max(100).optional(),
        from: timeQuery.optional(),
        to: timeQuery.optional(),
      }),
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { limit, cursor, ...filter } = query
        const page = pageOf(LIST, { limit, cursor })
        return answerScan(LIST, await listAudit(logDb, { tenantId, filter, page }), show)
      },
    }),
  ]
}

/** Have their own log. */
const DATA: readonly Operation['access'][] = ['events', 'messages']

/** Whether calls of the operation are kept: what changes the configuration. */
export function isAudited({ method, access, isHarmless }: Operation): boolean {
  return method !== 'GET' && !DATA.includes(access) && isHarmless !== true
}

export interface Audited {
  operation: Operation
  tenantId: TenantId
  tokenId: TokenId | null
  ip: string | null
  requestId: string
  now: number
  /** The resource as it was; undefined: there was none. */
  before: Answer | undefined
}

/** Runs the call and keeps who made it and what it did; of a batch only its refusal. One that cannot be kept has happened all the same. */
export async function audited(
  { logDb, reportError }: Pick<ApiDeps, 'logDb' | 'reportError'>,
  {
    operation: { operationId, path, isBatch = false, isPrivate = false },
    tenantId,
    tokenId,
    ip,
    requestId,
    now,
    before,
  }: Audited,
  run: () => Promise<Answer>,
): Promise<Answer> {
  const common = {
    id: newId('aud', now),
    tenantId,
    actor: tokenId ?? 'root',
    action: operationId,
    resource: path.split('/')[1] ?? '',
    ip,
    requestId,
    before: maskValues(before?.body ?? null),
  }
  const keep = (more: Pick<AuditRow, 'status' | 'code' | 'after' | 'resourceId'>) =>
    insertAudit(logDb, { ...common, ...more }).catch((error: unknown) => reportError(error, requestId))
  try {
    const answer = await run()
    const after = isPrivate ? null : maskValues(answer.body ?? null)
    if (!isBatch)
      await keep({ status: answer.status, code: null, after, resourceId: idOf(answer) ?? idOf(before) })
    return answer
  } catch (error) {
    const code = error instanceof ProblemError ? error.code : 'internal'
    await keep({ status: PROBLEMS[code].status, code, after: null, resourceId: idOf(before) })
    throw error
  }
}

function idOf(answer: Answer | undefined): string | null {
  const body = answer?.body
  return typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'string'
    ? body.id
    : null
}

function show(entry: AuditRow) {
  const { tenantId: _, ...row } = entry
  return { ...row, at: isoTime(timeOfId(row.id)) }
}
