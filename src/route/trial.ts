import type { Event } from '../model/event.ts'
import type { Subscription } from '../model/subscription.ts'
import { isSampled, opensAt } from './choose.ts'
import type { Clause } from './filter.ts'
import { buildRoutingTable, match } from './match.ts'
import { findAll, isObject, parsePath } from './path.ts'
import { compileRule } from './rule.ts'
import { compileTransform, showEvent } from './transform.ts'
import type { TransformDeps } from './transform-deps.ts'
import { viewOf, type EventView } from './view.ts'

/** One thing that was asked of the event, and what came of it. */
export interface TrialStep {
  step: 'match' | 'sample' | 'filter' | 'schedule' | 'transform' | 'target'
  passed: boolean
  detail: string
  /** What of the filter decided, and what the event has there. */
  clause?: Clause & { found?: unknown }
  /** Of a step of the transformation: what it made. */
  result?: Record<string, unknown>
}

export interface Trial {
  outcome: 'delivered' | 'skipped' | 'held' | 'failed'
  steps: TrialStep[]
  /** What the endpoint would get. */
  delivery?: Record<string, unknown>
  /** How its body differs from the event's. */
  diff?: Difference[]
}

export interface Difference {
  path: string
  before?: unknown
  after?: unknown
}

/** Where a delivery would be placed does not matter to a trial. */
const PLACING = { ordering: 'none', orderingKey: null, concurrency: 1 } as const
const DIFFERENCES_MAX = 200
const FOUND_MAX = 5

/** What a subscription would make of an event, step by step; nothing is sent or kept. */
export async function tryOut(
  subscription: Subscription,
  event: Event,
  deps: TransformDeps & { now(): number },
): Promise<Trial> {
  const steps: TrialStep[] = []
  const view = viewOf(event)
  const outcome = judge(subscription, event, { view, steps, now: deps.now() })
  if (outcome !== 'delivered') return { outcome, steps }
  return await transform(subscription, event, { view, steps, deps })
}

interface Judging {
  view: EventView
  steps: TrialStep[]
  now: number
}

function judge(subscription: Subscription, event: Event, { view, steps, now }: Judging): Trial['outcome'] {
  const { sampleRate = 1, schedule } = subscription
  const anyTime = { ...subscription, createdAt: 0, state: 'active' as const }
  const isMatch =
    match(buildRoutingTable([{ subscription: anyTime, endpointVersion: 0, endpoint: PLACING }]), event.head)
      .length > 0
  const wanted = `the event ${event.head.type} of ${event.head.sourceId ?? 'the API'}`
  steps.push({
    step: 'match',
    passed: isMatch,
    detail: `Event types and sources ${isMatch ? '' : 'do not '}cover ${wanted}.`,
  })
  if (!isMatch) return 'skipped'
  if (sampleRate < 1) {
    const passed = isSampled(event.head.id, sampleRate)
    steps.push({
      step: 'sample',
      passed,
      detail: `The sample of ${sampleRate} ${passed ? 'takes' : 'leaves'} it.`,
    })
    if (!passed) return 'skipped'
  }
  const { filter, faults } = compileRule(subscription, 1)
  for (const { path, message } of faults) {
    steps.push({ step: 'filter', passed: false, detail: `${path}: ${message}` })
    return 'failed'
  }
  if (filter) {
    const { matches, by } = filter.test(view)
    const clause = { ...by, ...foundAt(view, by) }
    steps.push({ step: 'filter', passed: matches, detail: `\`${by.at}\` decided.`, clause })
    if (!matches) return 'skipped'
  }
  if (!schedule) return 'delivered'
  const at = opensAt(schedule, event.head.receivedAt)
  const isOpen = at <= Math.max(now, event.head.receivedAt)
  const detail = isOpen ? 'A window is open.' : `The next window begins at ${new Date(at).toISOString()}.`
  steps.push({ step: 'schedule', passed: isOpen, detail })
  return isOpen ? 'delivered' : schedule.outside === 'drop' ? 'skipped' : 'held'
}

function foundAt(view: EventView, { field }: Clause): { found?: unknown } {
  if (field === undefined) return {}
  const path = parsePath(field)
  if (!path.ok) return {}
  const found = findAll(view, path.value)
  const inBody = found.length > 0 ? found : findAll(view.body, path.value)
  return { found: inBody.length > 1 ? inBody.slice(0, FOUND_MAX) : inBody[0] }
}

async function transform(
  subscription: Subscription,
  event: Event,
  { view, steps, deps }: { view: EventView; steps: TrialStep[]; deps: TransformDeps },
): Promise<Trial> {
  const given = subscription.transform
  let made = event
  // One more step at a time, so that each can be shown; the rules are few and this is for people.
  for (const [index] of (given?.steps ?? []).entries()) {
    const part = { steps: given?.steps.slice(0, index + 1) ?? [] }
    const program = compileTransform(part, 1)
    if (!program.ok) return { outcome: 'failed', steps }
    const result = await program.value.run(event, deps)
    const name = `Step ${index + 1}, ${given?.steps[index]?.kind}`
    if (result.kind !== 'event') {
      const isDrop = result.kind === 'dropped'
      const detail = isDrop ? `${name}, drops the event.` : `${name}, failed: ${result.error}`
      steps.push({ step: 'transform', passed: false, detail })
      return { outcome: isDrop ? 'skipped' : result.kind === 'later' ? 'held' : 'failed', steps }
    }
    made = result.event
    steps.push({ step: 'transform', passed: true, detail: `${name}.`, result: showEvent(made) })
  }
  const delivery = { endpointId: subscription.endpointId, ...showEvent(made) }
  return { outcome: 'delivered', steps, delivery, diff: differences(view.body, viewOf(made).body) }
}

/** Where two JSON values differ, in the order of their members. */
export function differences(before: unknown, after: unknown): Difference[] {
  const found: Difference[] = []
  compare(before, after, { path: '', found })
  return found
}

function compare(
  before: unknown,
  after: unknown,
  { path, found }: { path: string; found: Difference[] },
): void {
  if (found.length >= DIFFERENCES_MAX || before === after) return
  const [a, b] = [membersOf(before), membersOf(after)]
  if (a && b && Array.isArray(before) === Array.isArray(after)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      compare(a[key], b[key], { path: path === '' ? key : `${path}.${key}`, found })
    }
    return
  }
  found.push({ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) })
}

function membersOf(value: unknown): Record<string, unknown> | undefined {
  if (Array.isArray(value)) return Object.fromEntries(value.entries())
  return isObject(value) ? value : undefined
}
