import { utf8 } from '../model/bytes.ts'
import type { After, Clock } from '../model/clock.ts'
import type { EndpointSettings } from '../model/endpoint.ts'
import type { Event } from '../model/event.ts'
import { newId, type TenantId } from '../model/id.ts'
import type { Probed, ProbeRequest } from '../model/probe.ts'
import { attemptDelivery, type AttemptDeps } from './attempt.ts'
import { exchange } from './exchange.ts'
import { targetOf } from './target.ts'

/** Connections that may wait for an answer in one invocation. */
const AT_ONCE_MAX = 6
/** A test is an API call: no request of it waits longer … */
const TIMEOUT_MS_MAX = 10_000
/** … and none starts later. */
const STARTS_WITHIN_MS = 45_000

export interface Probe {
  tenantId: TenantId
  /** With their secrets opened. */
  settings: EndpointSettings
  secrets: readonly string[]
  request: ProbeRequest
}

/** Sends test events straight to the receiver: no queue, no retry, no log, and whatever the endpoint's state is. */
export async function probe(given: Probe, deps: AttemptDeps): Promise<Probed[]> {
  const timeoutMs = Math.min(given.settings.timeoutMs, TIMEOUT_MS_MAX)
  const bounded = { ...given, settings: { ...given.settings, timeoutMs } }
  const { kind, count, ratePerSecond } = given.request
  if (kind === 'reachability') return [{ number: 1, record: await reach(bounded, deps) }]
  const total = kind === 'single' ? 1 : count
  const start = deps.clock.now()
  const probed: Probed[] = []
  let next = 0
  const workers = Array.from({ length: Math.min(AT_ONCE_MAX, total) }, async () => {
    while (next < total && deps.clock.now() - start < STARTS_WITHIN_MS) {
      const number = ++next
      await until(start + ((number - 1) * 1000) / ratePerSecond, deps)
      probed.push({ number, record: await send(bounded, deps) })
    }
  })
  await Promise.all(workers)
  return probed.toSorted((a, b) => a.number - b.number)
}

async function until(at: number, { clock, after }: { clock: Clock; after: After }): Promise<void> {
  const waitMs = Math.ceil(at - clock.now())
  if (waitMs > 0) await new Promise<void>((resolve) => void after(waitMs, resolve))
}

async function send(
  { tenantId, settings, secrets, request }: Probe,
  deps: AttemptDeps,
): Promise<Probed['record']> {
  const now = deps.clock.now()
  const event = eventOf(tenantId, request, now)
  const input = { deliveryId: newId('dlv', now), event, settings, secrets, attempt: 1 }
  return (await attemptDelivery(input, deps)).record
}

/** Whether there is anybody: each answer will do, for a receiver need not know HEAD. */
async function reach({ tenantId, settings, request }: Probe, deps: AttemptDeps): Promise<Probed['record']> {
  const at = deps.clock.now()
  const event = eventOf(tenantId, request, at)
  const target = targetOf(settings, event, event.body)
  if (!target.ok) return { result: 'bad_url', durationMs: 0, error: target.error }
  const checked = await deps.checkTarget(target.value)
  if (!checked.ok) return { result: checked.error.reason, durationMs: 0, error: checked.error.detail }
  const init = { method: 'HEAD' }
  const { href: url } = checked.value
  const answer = await exchange(deps, { url, init, timeoutMs: settings.timeoutMs })
  const durationMs = Math.max(0, deps.clock.now() - at)
  return answer.kind === 'failure'
    ? { result: answer.reason, durationMs, error: answer.message }
    : { result: 'delivered', durationMs, statusCode: answer.statusCode }
}

function eventOf(tenantId: TenantId, { type, data }: ProbeRequest, now: number): Event {
  const body = utf8(JSON.stringify(data))
  return {
    head: {
      id: newId('evt', now),
      tenantId,
      sourceId: null,
      type,
      receivedAt: now,
      contentType: 'application/json',
      metadata: { test: true },
      bodyBytes: body.byteLength,
    },
    body,
  }
}
