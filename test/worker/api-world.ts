import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { z } from 'zod'
import { makeApi } from '../../src/api/app.ts'
import type { ApiDeps } from '../../src/api/deps.ts'
import { text, toBase64, utf8 } from '../../src/model/bytes.ts'
import type { Publication } from '../../src/model/publication.ts'
import { encodeEvent, packRecords, type Event } from '../../src/model/event.ts'
import { newId } from '../../src/model/id.ts'
import { err, ok } from '../../src/model/result.ts'
import { compileRule } from '../../src/route/rule.ts'
import { makeScriptRunner } from '../../src/route/script.ts'
import { tryOut } from '../../src/route/trial.ts'
import { makeSealer } from '../../src/model/seal.ts'
import { expectDocumented, type Contract } from './contract.ts'
import { openDatabases } from './databases.ts'

export const ROOT = 'hwk_root_of_this_test'

export interface Reply {
  status: number
  headers: Headers
  body: ReplyBody
}

/** The fields that tests carry from one call to the next; what else an answer holds they assert. */
export interface ReplyBody {
  id: string
  secret: string
  token: string
  subscriptionId: string
  data: { id: string }[]
  next: string | null
  [field: string]: unknown
}

export interface CallOptions {
  token?: string | null
  tenant?: string
  headers?: Record<string, string>
  /** Sent as it is. */
  raw?: string
}

/**
 * The API over real databases, with fakes only for what lies in objects. `did` lists what reached those, in order.
 * Every answer, refusals included, is held against the contract.
 */
export async function makeWorld(more: Partial<ApiDeps> = {}) {
  const { db, logDb } = await openDatabases()
  const did: string[] = []
  const published: Publication[] = []
  const bodies = new Map<string, Event>()
  const time = { now: Date.UTC(2026, 0, 2) }
  const sealer = makeSealer(toBase64(new Uint8Array(32).fill(7)))
  const deps: ApiDeps = {
    clock: { now: () => time.now, random: () => 0.5 },
    db,
    logDb,
    sealer,
    rootToken: ROOT,
    async publish(tenantId, events) {
      published.push(...events)
      did.push(...events.map(({ type }) => `publish ${tenantId} ${type}`))
      return events.map(({ key }) => ({ id: newId('evt', time.now), duplicate: key === 'seen' }))
    },
    tell: async (tenantId, { type, key }) => void did.push(`tell ${tenantId} ${type} ${key}`),
    readEvent: async ({ segment }) => bodies.get(String(segment)),
    readSegments: async (_, segments) =>
      segments.flatMap((segment) => {
        const event = bodies.get(String(segment))
        return event ? [{ segment, records: packRecords([encodeEvent(event)]) }] : []
      }),
    readLargeBody: async () => undefined,
    erasureCreated: async () => void did.push('erasure created'),
    endpointChanged: async ({ settings, version }) => void did.push(`changed v${version} ${settings.state}`),
    endpointRemoved: async () => void did.push('removed'),
    async orderDelivery(_, order, { id }) {
      did.push(`${order} ${id}`)
      return { kind: 'done' }
    },
    pullMessages: async () => ({ messages: [] }),
    acknowledgeMessages: async () => [],
    probe: async () => [],
    endpointsWanting: async (_, events) => events.map(() => []),
    replayCreated: async () => void did.push('replay created'),
    async redeliver(_, { ref, triedBefore }) {
      did.push(`redeliver ${ref.id} after ${triedBefore}`)
      return true
    },
    sourceChanged: () => void did.push('source changed'),
    sourceReads: () => 7,
    billed: () => [],
    checkTarget: async (url) =>
      new URL(url).hostname === '10.0.0.1'
        ? err({ reason: 'private_address', detail: 'The address is private.' })
        : ok(undefined),
    send: async () => err('There is no network here.'),
    ingestUrl: (sourceId, url) => `${new URL(url).origin}/in/${sourceId}`,
    knownProvider: (slug) =>
      ({
        github: { needsSecret: true, configSchemas: [] },
        generic: { needsSecret: false, configSchemas: [z.object({ header: z.string().optional() })] },
      })[slug],
    rules: {
      faultsOf: (rules) => compileRule(rules, 1).faults,
      tryOut: (subscription, event) =>
        tryOut(subscription, event, {
          now: () => time.now,
          runScript: makeScriptRunner(env.LOADER),
          lookup: async () => undefined,
          fetchJson: async () => Promise.reject(new Error('there is no network here')),
        }),
    },
    subscriptionFixed: async ({ subscriptionId }) => void did.push(`fixed ${subscriptionId}`),
    reportError: (error) => void did.push(`reported ${String(error)}`),
    ...more,
  }
  const app = makeApi(deps)
  const contract = await (await app.request('/openapi.json')).json<Contract>()
  async function call(
    method: string,
    path: string,
    body?: unknown,
    { token = ROOT, tenant, headers = {}, raw }: CallOptions = {},
  ): Promise<Reply> {
    const sent = new Headers(headers)
    if (token !== null) sent.set('authorization', `Bearer ${token}`)
    if (tenant !== undefined) sent.set('hookway-tenant', tenant)
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const init = { method, headers: sent, ...(content === undefined ? {} : { body: utf8(content) }) }
    const response = await app.request(`https://hooks.example${path}`, init)
    const answer = text(new Uint8Array(await response.arrayBuffer()))
    const isJson = answer !== '' && (response.headers.get('content-type')?.includes('json') ?? false)
    const parsed = (isJson ? JSON.parse(answer) : { text: answer }) as ReplyBody
    const { status } = response
    if (path.startsWith('/v1/') && method !== 'HEAD') {
      expectDocumented(contract, { method, path, status, body: parsed })
    }
    return { status, headers: response.headers, body: parsed }
  }
  return { call, deps, did, published, bodies, time, app, contract }
}

export type World = Awaited<ReturnType<typeof makeWorld>>

/** Follows `next` to the end of a list. */
export async function allPages(world: World, path: string): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = []
  let pages = 0
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const separator = path.includes('?') ? '&' : '?'
    const { body } = await world.call('GET', cursor === '' ? path : `${path}${separator}cursor=${cursor}`)
    ids.push(...body.data.map(({ id }) => id))
    cursor = body.next
  }
  return { ids, pages }
}

/** Matches a problem answer with its code. */
export const problem = (status: number, code: string, more: object = {}) => ({
  status,
  body: expect.objectContaining({ status, code, requestId: expect.stringMatching(/^req_/), ...more }),
})
/** Matches a problem that names one field. */
export const at = (path: string, message: unknown = expect.any(String)) => ({ errors: [{ path, message }] })
