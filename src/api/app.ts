import { Hono } from 'hono'
import { findEndpoint } from '../db/endpoints.ts'
import { idSchema, newId } from '../model/id.ts'
import { ProblemError, problemResponse } from '../model/problem.ts'
import { auditOperations } from './audit.ts'
import { Authenticator } from './auth.ts'
import { configurationOperations } from './configuration.ts'
import { deliveryOperations } from './deliveries.ts'
import { batchOperations } from './batch.ts'
import type { ApiDeps } from './deps.ts'
import { DOCS_POLICY, docsPage } from './docs-page.ts'
import { serveCrmWebhooks } from './documents/crm-webhooks.ts'
import { serveIntegrationWebhooks } from './documents/integration-webhooks.ts'
import { endpointOperations } from './endpoints.ts'
import { erasureOperations } from './erasures.ts'
import { eventTypeOperations } from './event-types.ts'
import { eventOperations } from './events.ts'
import { handle, responseOf, type ApiEnv } from './handle.ts'
import { healthOperations } from './health.ts'
import { messageOperations } from './messages.ts'
import { metricsOperations } from './metrics.ts'
import { lookupTableOperations } from './lookup-tables.ts'
import { openApiOf } from './openapi.ts'
import { parametersOf, type Operation } from './operation.ts'
import { orderOperations } from './orders.ts'
import { probeOperations } from './probes.ts'
import { publishOperations } from './publish.ts'
import { RateLimiter } from './rate-limit.ts'
import { registrationOperations } from './registrations.ts'
import { rejectionOperations } from './rejections.ts'
import { answerSigningKeys } from './signing-keys.ts'
import { replayOperations } from './replays.ts'
import { SchemaCheck } from './schema-check.ts'
import { sharedSecretOperations } from './shared-secrets.ts'
import { serveSignals } from './signals.ts'
import { sourceOperations } from './sources.ts'
import { subjectExportOperations } from './subject-exports.ts'
import { subscriptionOperations } from './subscriptions.ts'
import { templateOperations } from './templates.ts'
import { trialOperations } from './trials.ts'
import { tenantOperations } from './tenants.ts'
import { tokenOperations } from './tokens.ts'

/**
 * The management API under `/v1`, its contract at `/openapi.json` and `/docs`, and `/healthz`. Errors are RFC 9457 problem details with the codes of
 * `model/problem.ts`; each answer names its request in `Request-Id`. One instance serves an isolate: it caches tokens.
 */
export function makeApi(deps: ApiDeps): Hono<ApiEnv> {
  const authenticator = new Authenticator(deps)
  const limiter = new RateLimiter()
  const operations = allOperations(deps, authenticator)
  const readers = readersOf(operations)
  const app = new Hono<ApiEnv>()
  app.use(async (context, next) => {
    context.set('requestId', newId('req', deps.clock.now()))
    context.set('signals', {})
    await next()
    context.header('request-id', context.get('requestId'))
    for (const [name, value] of Object.entries(context.get('signals'))) context.header(name, value)
  })
  serveSignals(app, deps, authenticator)
  serveContract(app, operations)
  serveCrmWebhooks(app)
  serveIntegrationWebhooks(app)
  serveSigningKeys(app, deps)
  for (const operation of operations) {
    const [, part = ''] = parametersOf(operation)
    app.on(operation.method, `/v1${operation.path}`, async (context) => {
      const given = context.req.param('id') ?? ''
      return responseOf(
        await handle({
          deps,
          authenticator,
          limiter,
          operation,
          reader: readers.get(operation.path) ?? readers.get(operation.path.split('/')[1]),
          request: context.req.raw,
          given,
          part: context.req.param(part) ?? '',
          requestId: context.get('requestId'),
          signal: (headers) => context.set('signals', headers),
        }),
      )
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
  const operations = [
    ...tenantOperations(deps),
    ...tokenOperations(deps, authenticator),
    ...sourceOperations(deps),
    ...registrationOperations(deps),
    ...endpointOperations(deps),
    ...trialOperations(deps),
    ...subscriptionOperations(deps),
    ...templateOperations(),
    ...lookupTableOperations(deps),
    ...sharedSecretOperations(deps),
    ...eventTypeOperations(deps, check),
    ...publishOperations(deps, check),
    ...eventOperations(deps),
    ...deliveryOperations(deps),
    ...messageOperations(deps),
    ...orderOperations(deps),
    ...probeOperations(deps),
    ...replayOperations(deps),
    ...erasureOperations(deps),
    ...subjectExportOperations(deps),
    ...rejectionOperations(deps),
    ...metricsOperations(deps),
    ...healthOperations(deps),
    ...auditOperations(deps),
  ]
  return [...operations, ...batchOperations(deps, operations), ...configurationOperations(deps, operations)]
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

/** For each kind of resource the operation that reads one, and for each path that ends with a resource inside of one. */
function readersOf(operations: readonly Operation[]): Map<string | undefined, Operation> {
  const reading = operations.filter(({ method }) => method === 'GET')
  return new Map([
    ...reading
      .filter(({ path }) => /^\/[^/]+\/:id$/.test(path))
      .map((operation) => [operation.path.split('/')[1], operation] as const),
    ...reading
      .filter(({ path }) => /\/:id\/.+\/:\w+$/.test(path))
      .map((operation) => [operation.path, operation] as const),
  ])
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
