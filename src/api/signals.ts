import type { ApiDeps } from './deps.ts'
import type { Authenticator } from './auth.ts'
import { authorise, type ApiApp } from './handle.ts'
import { sweepHealth } from './health.ts'
import { billedText } from './billed-text.ts'
import { PROMETHEUS, prometheusText } from './prometheus.ts'

/** How long `/healthz`, which anybody may ask, answers from memory. */
const SIGNAL_MS = 10_000

/** What machines watch: `/healthz` for anybody, `/metrics` for whom a tenant's metrics are. */
export function serveSignals(app: ApiApp, deps: ApiDeps, authenticator: Authenticator): void {
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
    const metrics = await prometheusText(deps.logDb, {
      tenantId: principal.tenantId,
      now: deps.clock.now(),
      sourceReads: deps.sourceReads(),
    })
    // Of all tenants together.
    const billed = principal.tokenId === null ? billedText(deps.billed()) : ''
    return context.text(metrics + billed, 200, { 'content-type': PROMETHEUS })
  })
}
