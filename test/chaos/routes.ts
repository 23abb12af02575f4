import type { Kind, Origin, Path } from './evidence.ts'

/** How a receiver behaves under a path. */
export const MOODS = ['steady', 'flaky', 'hanging', 'refusing', 'failing'] as const
export type Mood = (typeof MOODS)[number]

/** An endpoint with its subscription, to be set up. */
export interface Route extends Omit<Path, 'subscriptionId'> {
  mood: Mood
  /** At the receiver whose process is killed and started again. */
  isRestarted: boolean
  /** Paused and resumed under way. */
  isPaused: boolean
  endpoint: Record<string, unknown>
  subscription: Record<string, unknown>
}

/** More endpoint objects than one hand-over calls itself: the rest goes through the `fanout` queue. */
const BROADCAST_ENDPOINTS = 66
const ALL: readonly Kind[] = ['push', 'paid', 'refused']
/** Tries enough for any receiver that takes something at all, soon enough for the end of the run. */
const RETRY = { scheduleSeconds: [0, ...Array.from({ length: 99 }, () => 0.5)] }
/** Opens while the receiver is away, closes soon after. */
const CIRCUIT = { failures: 5, failingSeconds: 1, cooldownSeconds: 1, cooldownSecondsMax: 4 }
/** Never opens: a receiver that takes nothing would only be asked ever more seldom. */
const NO_CIRCUIT = { failures: 1000, failingSeconds: 86_400 }
const LATE_MS = 1_500
const SCRIPT = 'export default ({ body }) => ({ body: { ref: body.ref, paid: body.number * 2 } })'

export const ROUTES: readonly Route[] = [
  route('in-order', ['ordered'], { order: 'endpoint' }),
  route('in-order-paused', ['ordered'], { order: 'endpoint', isPaused: true }),
  route('by-key-flaky', ['ordered'], { order: 'key', mood: 'flaky' }),
  route('by-key-in-shards', ['ordered'], { order: 'key', endpoint: { concurrency: 18 } }),
  route('by-key-restarted', ['ordered'], { order: 'key', isRestarted: true, endpoint: { circuit: CIRCUIT } }),
  route('by-key-published', ['published'], {
    order: 'key',
    mood: 'flaky',
    subscription: { eventTypes: ['published.*'] },
  }),
  route('keyed', ['keyed'], { subscription: { eventTypes: ['keyed.*'] } }),
  route('in-shards', ['ordered', 'regional'], { endpoint: { concurrency: 24 } }),
  route('flaky', ['regional'], { mood: 'flaky' }),
  route('hanging', ['regional'], { mood: 'hanging', endpoint: { timeoutMs: LATE_MS } }),
  route('restarted', ['regional'], { isRestarted: true, endpoint: { circuit: CIRCUIT } }),
  route('paused', ['regional'], { isPaused: true }),
  route('transformed', ['regional'], {
    kinds: ['paid'],
    subscription: {
      filter: { 'body.kind': 'paid' },
      transform: { steps: [{ kind: 'jsonata', expression: '{ "ref": ref, "paid": number * 2 }' }] },
    },
  }),
  route('scripted', ['regional'], {
    kinds: ['paid'],
    subscription: { transform: { steps: [{ kind: 'javascript', code: SCRIPT }] } },
  }),
  route('refused', ['regional'], {
    kinds: ['refused'],
    mood: 'refusing',
    ends: 'dead',
    endpoint: { circuit: NO_CIRCUIT },
  }),
  route('exhausted', ['regional'], {
    kinds: ['refused'],
    mood: 'failing',
    ends: 'dead',
    endpoint: { retry: { scheduleSeconds: [0, 0.5, 0.5] }, circuit: NO_CIRCUIT },
  }),
  ...Array.from({ length: BROADCAST_ENDPOINTS }, (_, at) => route(`broadcast-${at}`, ['broadcast'])),
]

function route(name: string, origins: readonly Origin[], given: Partial<Route> = {}): Route {
  const kinds = given.kinds ?? ALL
  const order = given.order ?? 'none'
  return {
    name,
    origins,
    kinds,
    order,
    ends: given.ends ?? 'delivered',
    mood: given.mood ?? 'steady',
    isRestarted: given.isRestarted ?? false,
    isPaused: given.isPaused ?? false,
    endpoint: { retry: RETRY, ordering: order, ...given.endpoint },
    subscription: { ...(kinds.length < ALL.length && { eventTypes: kinds }), ...given.subscription },
  }
}
