import { Hono } from 'hono'
import { findEndpoint } from '../db/endpoints.ts'
import { idSchema, newId } from '../model/id.ts'
import { ProblemError, problemResponse } from '../model/problem.ts'
import { permits } from '../model/token.ts'
import { Authenticator, type Principal } from './auth.ts'
import { parseJson, readBody } from './body.ts'
import { deliveryOperations } from './deliveries.ts'
import type { ApiDeps } from './deps.ts'
import { DOCS_POLICY, docsPage } from './docs-page.ts'
import { endpointOperations } from './endpoints.ts'
import { eventTypeOperations } from './event-types.ts'
import { eventOperations } from './events.ts'
import { runOnce } from './idempotency.ts'
import { healthOperations, sweepHealth } from './health.ts'
import { identify, parseUid } from './identify.ts'
import { metricsOperations } from './metrics.ts'
import { lookupTableOperations } from './lookup-tables.ts'
import { openApiOf } from './openapi.ts'
import { EXPORT_LIMIT, lines, wantsLines } from './ndjson.ts'
import type { Answer, Operation } from './operation.ts'
import { PROMETHEUS, prometheusText } from './prometheus.ts'
import { orderOperations } from './orders.ts'
import { publishOperations } from './publish.ts'
import { rejectionOperations } from './rejections.ts'
import { answerSigningKeys } from './signing-keys.ts'
import { replayOperations } from './replays.ts'
import { SchemaCheck } from './schema-check.ts'
import { sourceOperations } from './sources.ts'
import { subscriptionOperations } from './subscriptions.ts'
import { templateOperations } from './templates.ts'
import { trialOperations } from './trials.ts'
import { tenantOperations } from './tenants.ts'
import { tokenOperations } from './tokens.ts'

interface ApiEnv {
  Variables: { requestId: string }
}

/**
 * The management API under `/v1`, its contract at `/openapi.json` and `/docs`, and `/healthz`. Errors are RFC 9457 problem details with the codes of
 * `model/problem.ts`; each answer names its request in `Request-Id`. One instance serves an isolate: it caches tokens.
 */
export function makeApi(deps: ApiDeps): Hono<ApiEnv> {
  const authenticator = new Authenticator(deps)
  const operations = allOperations(deps, authenticator)
  const app = new Hono<ApiEnv>()
  app.use(async (context, next) => {
    context.set('requestId', newId('req', deps.clock.now()))
    await next()
    context.header('request-id', context.get('requestId'))
  })
  serveSignals(app, deps, authenticator)
  serveContract(app, operations)
  serveSigningKeys(app, deps)
  for (const operation of operations) {
    app.on(operation.method, `/v1${operation.path}`, async (context) => {
      const given = context.req.param('id') ?? ''
      return responseOf(await handle({ deps, authenticator, operation, request: context.req.raw, given }))
    })
  }
  for (const [path, methods] of methodsByPath(operations)) {
    app.all(path, () => {
      throw new ProblemError('method_not_allowed', `Use ${methods}.`, { headers: { allow: methods } })
    })
  }
  app.notFound((context) => {
    const problem = new ProblemError('not_found', 'There is nothing at this URL.')
    return problemResponse(problem, context.get('requestId'))
  })
  app.onError((error, context) => {
    const requestId = context.get('requestId')
    if (error instanceof ProblemError) return problemResponse(error, requestId)
    deps.reportError(error, requestId)
    const problem = new ProblemError('internal', 'Try again; if it stays, report the request id.')
    return problemResponse(problem, requestId)
  })
  return app
}

function allOperations(deps: ApiDeps, authenticator: Authenticator): Operation[] {
  const check = new SchemaCheck(deps.db)
  return [
    ...tenantOperations(deps),
    ...tokenOperations(deps, authenticator),
    ...sourceOperations(deps),
    ...endpointOperations(deps),
    ...trialOperations(deps),
    ...subscriptionOperations(deps),
    ...templateOperations(),
    ...lookupTableOperations(deps),
    ...eventTypeOperations(deps, check),
    ...publishOperations(deps, check),
    ...eventOperations(deps),
    ...deliveryOperations(deps),
    ...orderOperations(deps),
    ...replayOperations(deps),
    ...rejectionOperations(deps),
    ...metricsOperations(deps),
    ...healthOperations(deps),
  ]
}

/** How long `/healthz`, which anybody may ask, answers from memory. */
const SIGNAL_MS = 10_000

/** What machines watch: `/healthz` for anybody, `/metrics` for whom a tenant's metrics are. */
function serveSignals(app: Hono<ApiEnv>, deps: ApiDeps, authenticator: Authenticator): void {
  let signal = { sweep: 'unknown', until: 0 }
  app.get('/healthz', async (context) => {
    const now = deps.clock.now()
    if (now >= signal.until) {
      const sweep = await sweepHealth(deps.db, now).catch(() => ({ status: 'unknown' }))
      signal = { sweep: sweep.status, until: now + SIGNAL_MS }
    }
    return context.json({ status: 'ok', sweep: signal.sweep })
  })
  app.get('/metrics', async (context) => {
    const principal = await authenticator.authenticate(context.req.raw)
    authorise(principal, { access: 'metrics', method: 'GET' })
    const metrics = await prometheusText(deps.logDb, { tenantId: principal.tenantId, now: deps.clock.now() })
    return context.text(metrics, 200, { 'content-type': PROMETHEUS })
  })
}

/** Made at the first request for it: most isolates are never asked. */
function serveContract(app: Hono<ApiEnv>, operations: readonly Operation[]): void {
  let contract: Record<string, unknown> | undefined
  app.get('/openapi.json', (context) => context.json((contract ??= openApiOf(operations))))
  app.get('/docs', (context) => {
    context.header('content-security-policy', DOCS_POLICY)
    return context.html(docsPage(operations, (contract ??= openApiOf(operations))))
  })
}

/** Public, since receivers verify with them; an endpoint without key pairs has an empty set. */
function serveSigningKeys(app: Hono<ApiEnv>, { db, clock }: ApiDeps): void {
  app.get('/.well-known/hookway-keys.json', async (context) => {
    const id = idSchema('ep').safeParse(context.req.query('endpoint'))
    const endpoint = id.success ? await findEndpoint(db, id.data) : undefined
    if (!endpoint) throw new ProblemError('not_found', 'Name an endpoint: ?endpoint=ep_….')
    return answerSigningKeys(endpoint.secrets, clock.now())
  })
}

interface Handling {
  deps: ApiDeps
  authenticator: Authenticator
  operation: Operation
  request: Request
  /** The `:id` of the path. */
  given: string
}

async function handle({ deps, authenticator, operation, request, given }: Handling): Promise<Answer> {
  const principal = await authenticator.authenticate(request)
  authorise(principal, operation)
  const { tenantId, scopes } = principal
  const { url, headers } = request
  const now = deps.clock.now()
  const body = operation.body ? await readBody(request) : new Uint8Array(0)
  const { idPrefix: prefix } = operation
  const asked = Object.fromEntries(new URL(url).searchParams)
  const run = async (query = asked) =>
    operation.run({
      tenantId,
      scopes,
      id: prefix && (await identify(deps.db, { tenantId, prefix, given })),
      uid: operation.method === 'PUT' ? parseUid(given) : given,
      query,
      body: parseJson(body),
      url,
      ifMatch: headers.get('if-match') ?? undefined,
      now,
    })
  if (wantsLines(request) && operation.isList) {
    const whole = { ...asked, limit: EXPORT_LIMIT }
    return lines(await run(whole), (cursor) => run({ ...whole, cursor }))
  }
  const key = headers.get('idempotency-key')
  if (operation.method !== 'POST' || key === null) return run()
  return runOnce(deps, { tenantId, key, url, body, now }, run)
}

function authorise(
  { tokenId, scopes }: Principal,
  { access, method }: Pick<Operation, 'access' | 'method'>,
): void {
  if (tokenId === null) return
  if (access === 'root') throw new ProblemError('forbidden', 'Only the root token may do this.')
  const action = method === 'GET' ? 'read' : 'write'
  if (permits(scopes, access, action)) return
  throw new ProblemError('forbidden', `The token needs the scope ${access}:${action}.`)
}

function responseOf({ status, body, bytes, headers = {} }: Answer): Response {
  const init = { status, headers: { 'cache-control': 'no-store', ...headers } }
  if (bytes) return new Response(bytes, init)
  return body === undefined ? new Response(null, init) : Response.json(body, init)
}

/** Each path with the methods that it has, as `Allow` lists them. */
function methodsByPath(operations: readonly Operation[]): Map<string, string> {
  const paths = new Map<string, string>()
  for (const { method, path } of operations) {
    const known = paths.get(`/v1${path}`)
    const added = method === 'GET' ? 'GET, HEAD' : method
    paths.set(`/v1${path}`, known === undefined ? added : `${known}, ${added}`)
  }
  return paths
}
