import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { systemClock } from '../../src/model/clock.ts'
import { openDatabases } from './databases.ts'

export interface Arrived {
  url: string
  at: number
  id: string | null
  attempt: string | null
  body: string
}

export interface Shown {
  id: string
  status: string
  attempts: number
  attemptLog: { number: number; result: string; at: string }[]
}

type Answer = (arrived: Arrived) => Response | Promise<Response>

/**
 * The whole Worker on the real runtime, with two things in the test's hands: its clock, which is ahead so
 * that no alarm fires by itself, and the outside world, of which `arrived` lists what reached it.
 */
export class RelayWorld {
  now = noonAhead()
  arrived: Arrived[] = []
  answer: Answer = () => new Response('ok')

  static async open(): Promise<RelayWorld> {
    await openDatabases()
    const world = new RelayWorld()
    vi.spyOn(systemClock, 'now').mockImplementation(() => world.now)
    vi.spyOn(systemClock, 'random').mockReturnValue(0)
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const request = new Request(input, init)
      const arrived: Arrived = {
        url: request.url,
        at: world.now,
        id: request.headers.get('webhook-id'),
        attempt: request.headers.get('hookway-attempt'),
        body: await request.text(),
      }
      world.arrived.push(arrived)
      return world.answer(arrived)
    })
    return world
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await this.request(method, path, body, headers)
    return response.status === 204 ? (undefined as T) : await response.json()
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const response = await exports.default.fetch(
      new Request(`https://hooks.example/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${env.HOOKWAY_ROOT_TOKEN}`, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response
  }

  /** An endpoint for one event type, at a URL of its own. */
  async endpoint(type: string, settings: Record<string, unknown> = {}) {
    const url = `http://127.0.0.1/${type}/${crypto.randomUUID()}`
    const { id } = await this.call<{ id: string }>('POST', '/endpoints', {
      url,
      eventTypes: [type],
      ...settings,
    })
    return { id, url, object: env.ENDPOINT.getByName(id) }
  }

  /** The id of a published event, which is durable. */
  async publish(type: string, data: unknown = {}): Promise<string> {
    return (await this.call<{ id: string }>('POST', '/events', { type, data })).id
  }

  /** The intake object that takes what is published; it has its name from the region that callers without one get. */
  readonly intake = env.INTAKE.getByName('default/publish/enam')

  at({ url }: { url: string }): Arrived[] {
    return this.arrived.filter((each) => each.url === url)
  }

  async untilArrived(endpoint: { url: string }, count: number): Promise<Arrived[]> {
    await vi.waitFor(() => expect(this.at(endpoint).length).toBeGreaterThanOrEqual(count), WAIT)
    return this.at(endpoint)
  }

  /** Every delivery of an endpoint with its attempts, once so many have the status. */
  async untilLogged({ id }: { id: string }, status: string, count: number): Promise<Shown[]> {
    return await vi.waitFor(async () => {
      const { data } = await this.call<{ data: Shown[] }>('GET', `/deliveries?endpointId=${id}&limit=250`)
      expect(data.filter((each) => each.status === status)).toHaveLength(count)
      return await Promise.all(data.map((each) => this.call<Shown>('GET', `/deliveries/${each.id}`)))
    }, WAIT)
  }
}

/** The noon after the next midnight: no test comes near the end of a day, with which a new partition begins. */
function noonAhead(): number {
  const DAY = 86_400_000
  return (Math.floor(Date.now() / DAY) + 1.5) * DAY
}

const WAIT = { timeout: 10_000, interval: 20 }

export type Stub = ReturnType<typeof env.INTAKE.getByName> | ReturnType<typeof env.ENDPOINT.getByName>

export function alarmOf(stub: Stub): Promise<number | null> {
  return runInDurableObject(stub, (_, state) => state.storage.getAlarm())
}

/** Moves the clock to the object's alarm and fires it; false when none is set. */
export async function fireAlarm(world: RelayWorld, stub: Stub): Promise<boolean> {
  const at = await alarmOf(stub)
  if (at === null) return false
  world.now = Math.max(world.now, at)
  return await runDurableObjectAlarm(stub)
}

/** Fires alarm after alarm until it is so; the last alarms of an idle object are few. */
export async function fireUntil(world: RelayWorld, stub: Stub, isSo: () => boolean): Promise<void> {
  for (let alarms = 0; !isSo(); alarms++) {
    expect(alarms, 'alarms without effect').toBeLessThan(20)
    expect(await fireAlarm(world, stub), 'an alarm is set').toBe(true)
  }
}

export { evictDurableObject as evict }
