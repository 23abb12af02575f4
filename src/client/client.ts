import type { z } from 'zod'
import type { endpointSettingsSchema } from '../model/endpoint.ts'
import { problemSchema } from '../model/problem.ts'
import type { sourceSettingsSchema } from '../model/source.ts'
import type { subscriptionSettingsSchema } from '../model/subscription.ts'
import type { tenantSettingsSchema } from '../model/tenant.ts'
import type { Scope } from '../model/token.ts'

export type Problem = z.infer<typeof problemSchema>

/** A call that was refused, with the problem as the relay told it. */
export class RefusedError extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

/** What every resource has. */
export interface Shown {
  id: string
  name: string
  uid: string | null
  createdAt: string
  updatedAt: string
}

interface Named {
  name?: string
  uid?: string
}

/** For each resource what makes one, and what one looks like. */
export interface Resources {
  tenants: {
    create: z.input<typeof tenantSettingsSchema> & { name: string; uid?: string }
    shown: Shown & z.output<typeof tenantSettingsSchema>
  }
  sources: {
    create: z.input<typeof sourceSettingsSchema> & Named & { provider: string; secrets?: string[] }
    shown: Shown & z.output<typeof sourceSettingsSchema> & { provider: string; url: string; secret?: string }
  }
  endpoints: {
    create: z.input<typeof endpointSettingsSchema> &
      Named & { secret?: string; eventTypes?: string[]; sourceIds?: string[] }
    shown: Shown & z.output<typeof endpointSettingsSchema> & { secret?: string; subscriptionId?: string }
  }
  subscriptions: {
    create: z.input<typeof subscriptionSettingsSchema> & Named & { endpointId: string }
    shown: Shown & z.output<typeof subscriptionSettingsSchema> & { endpointId: string }
  }
  tokens: {
    create: { name: string; scopes: Scope[]; expiresAt?: string | null }
    shown: { id: string; name: string; scopes: Scope[]; token?: string }
  }
}

export interface ClientOptions {
  baseUrl: string
  token: string
  /** Another tenant than the token's own; for the root token. */
  tenant?: string
  fetch(request: Request): Promise<Response>
}

export type Query = Record<string, string | number | undefined>

/** The management API of a relay, typed by the schemas that the relay itself validates with. */
export class Client {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  create<R extends keyof Resources>(kind: R, body: Resources[R]['create']): Promise<Resources[R]['shown']> {
    return this.call('POST', `/${kind}`, { body })
  }

  get<R extends keyof Resources>(kind: R, id: string): Promise<Resources[R]['shown']> {
    return this.call('GET', `/${kind}/${encodeURIComponent(id)}`)
  }

  update<R extends keyof Resources>(
    kind: R,
    id: string,
    body: Partial<Resources[R]['create']>,
  ): Promise<Resources[R]['shown']> {
    return this.call('PATCH', `/${kind}/${encodeURIComponent(id)}`, { body })
  }

  async remove(kind: keyof Resources, id: string): Promise<void> {
    await this.call('DELETE', `/${kind}/${encodeURIComponent(id)}`)
  }

  /** Every item of a list, page after page. */
  async *list<Item = Record<string, unknown>>(kind: string, query: Query = {}): AsyncIterable<Item> {
    let cursor: string | undefined
    do {
      const page = await this.call<{ data: Item[]; next: string | null }>('GET', `/${kind}`, {
        query: { ...query, cursor },
      })
      yield* page.data
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
  }

  publish(event: { type: string; data: unknown; id?: string }): Promise<{ id: string; duplicate: boolean }> {
    return this.call('POST', '/events', { body: event })
  }

  /** Any call under `/v1`. Throws `RefusedError` for a problem. */
  async call<Answer>(
    method: string,
    path: string,
    { body, query = {} }: { body?: unknown; query?: Query } = {},
  ): Promise<Answer> {
    const { baseUrl, token, tenant, fetch } = this.#options
    const url = new URL(`/v1${path}`, baseUrl)
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value))
    }
    const headers = new Headers({ authorization: `Bearer ${token}` })
    if (tenant !== undefined) headers.set('hookway-tenant', tenant)
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const response = await fetch(new Request(url, init))
    if (!response.ok) throw new RefusedError(problemSchema.parse(await response.json()))
    return (response.status === 204 ? undefined : await response.json()) as Answer
  }
}
