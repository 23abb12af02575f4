import type { Hono } from 'hono'
import { ProblemError } from '../model/problem.ts'
import { permits } from '../model/token.ts'
import { audited, isAudited } from './audit.ts'
import type { Authenticator, Principal } from './auth.ts'
import { parseJson, readBody } from './body.ts'
import type { ApiDeps } from './deps.ts'
import { runOnce } from './idempotency.ts'
import { identify, parseUid } from './identify.ts'
import { EXPORT_LIMIT, lines, wantsLines } from './ndjson.ts'
import { CREDENTIALS, type Answer, type Operation } from './operation.ts'
import type { RateLimiter } from './rate-limit.ts'

export interface ApiEnv {
  Variables: {
    requestId: string
    /** What the answer says besides its own headers, problem or not. */
    signals: Record<string, string>
  }
}
export type ApiApp = Hono<ApiEnv>

export interface Handling {
  deps: ApiDeps
  authenticator: Authenticator
  limiter: RateLimiter
  operation: Operation
  /** Reads the resource that the operation changes, for the audit log. */
  reader: Operation | undefined
  request: Request
  /** The `:id` of the path. */
  given: string
  /** The path's other parameter. */
  part: string
  requestId: string
  signal(headers: Record<string, string>): void
}

/** One request through everything that all have in common. */
export async function handle(handling: Handling): Promise<Answer> {
  const { deps, authenticator, operation, request, signal } = handling
  const now = deps.clock.now()
  const principal = await authenticator.authenticate(request)
  signal(await takeOne(handling, { principal, now }))
  if (!isAudited(operation)) {
    authorise(principal, operation)
    return await answer(handling, { principal, now })
  }
  const entry = {
    ...entryOf(handling, { principal, now }),
    operation,
    before: await readBefore(handling, { principal, now }),
  }
  // A repeat of an idempotency key runs nothing, and so leaves no second entry.
  return await answer(handling, { principal, now }, (run) =>
    audited(deps, entry, async () => {
      authorise(principal, operation)
      return await run()
    }),
  )
}

interface Caller {
  principal: Principal
  now: number
}

function entryOf({ request, requestId }: Handling, { principal, now }: Caller) {
  const { tenantId, tokenId } = principal
  return { tenantId, tokenId, ip: request.headers.get('cf-connecting-ip'), requestId, now }
}

async function answer(
  handling: Handling,
  { principal, now }: Caller,
  around: (run: () => Promise<Answer>) => Promise<Answer> = (run) => run(),
): Promise<Answer> {
  const { deps, operation, request, given, part, requestId } = handling
  const entry = { ...entryOf(handling, { principal, now }), before: undefined }
  const { tenantId, scopes, tokenId } = principal
  const actor = tokenId ?? 'root'
  const { url, headers } = request
  const body = operation.body ? await readBody(request) : new Uint8Array(0)
  const { idPrefix: prefix } = operation
  const asked = Object.fromEntries(new URL(url).searchParams)
  const run = async (query = asked, onceKey?: string) =>
    operation.run({
      tenantId,
      actor,
      scopes,
      id: prefix && (await identify(deps.db, { tenantId, prefix, given })),
      uid: operation.method === 'PUT' && operation.path.includes(':id') ? parseUid(given) : given,
      part,
      query,
      body: parseJson(body),
      url,
      ifMatch: headers.get('if-match') ?? undefined,
      credentials: headers.get(CREDENTIALS) ?? undefined,
      onceKey,
      now,
      requestId,
      audited: (each, runPart) => audited(deps, { ...entry, operation: each }, runPart),
    })
  if (wantsLines(request) && operation.isList) {
    const whole = { ...asked, limit: EXPORT_LIMIT }
    const first = await around(() => run(whole))
    return lines(first, (cursor) => run({ ...whole, cursor }), operation.linePagesMax)
  }
  const key = headers.get('idempotency-key')
  const isOnce = operation.method === 'POST' && operation.isPrivate !== true
  if (!isOnce || key === null) return await around(() => run())
  return await runOnce(deps, { tenantId, key, url, body, now }, (onceKey) =>
    around(() => run(asked, onceKey)),
  )
}

/** The resource as it was, for whom may read it; undefined: it does not exist, or the path names none. */
async function readBefore(
  { deps, reader, given, part, request, requestId }: Handling,
  { principal, now }: Caller,
): Promise<Answer | undefined> {
  const { tenantId, scopes } = principal
  const prefix = reader?.idPrefix
  if (!reader || !prefix || given === '') return undefined
  try {
    // Tenants are read by root alone: the entry of a refused call must not show what the caller may not see.
    authorise(principal, reader)
    const id = await identify(deps.db, { tenantId, prefix, given })
    const url = request.url
    return await reader.run({
      tenantId,
      actor: principal.tokenId ?? 'root',
      scopes,
      id,
      uid: '',
      part,
      query: {},
      body: {},
      url,
      ifMatch: undefined,
      credentials: undefined,
      now,
      requestId,
      audited: (_, run) => run(),
    })
  } catch (error) {
    if (error instanceof ProblemError) return undefined
    throw error
  }
}

/** Takes one of the token's requests, and answers what is left of them. */
async function takeOne(
  { deps, limiter, signal }: Handling,
  { principal, now }: Caller,
): Promise<Record<string, string>> {
  const { tenantId, tokenId, requestsPerMinute: perMinute } = principal
  if (tokenId === null) return {}
  try {
    return limiter.take(tokenId, { perMinute, now })
  } catch (error) {
    if (error instanceof ProblemError) signal(error.headers)
    if (limiter.isNews(tokenId, now)) {
      const data = { tokenId, requestsPerMinute: perMinute }
      const event = { type: 'api.rate_limit_exceeded', key: tokenId, data } as const
      // It is refused, whether or not anybody can be told.
      await deps.tell(tenantId, event).catch(() => undefined)
    }
    throw error
  }
}

export function authorise(
  { tokenId, scopes }: Pick<Principal, 'tokenId' | 'scopes'>,
  operation: Pick<Operation, 'access' | 'method' | 'action'>,
): void {
  const { access } = operation
  if (tokenId === null) return
  if (access === 'root') throw new ProblemError('forbidden', 'Only the root token may do this.')
  const action = actionOf(operation)
  if (permits(scopes, access, action)) return
  throw new ProblemError('forbidden', `The token needs the scope ${access}:${action}.`)
}

export function actionOf({ method, action }: Pick<Operation, 'method' | 'action'>): 'read' | 'write' {
  return action ?? (method === 'GET' ? 'read' : 'write')
}

export function responseOf({ status, body, bytes, headers = {} }: Answer): Response {
  const init = { status, headers: { 'cache-control': 'no-store', ...headers } }
  if (bytes) return new Response(bytes, init)
  return body === undefined ? new Response(null, init) : Response.json(body, init)
}
