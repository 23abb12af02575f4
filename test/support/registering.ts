import { afterAll, beforeAll } from 'vitest'
import { Relay } from './relay.ts'

export interface Registration {
  id: string
  baseUrl: string
  url: string
  events: string[]
  hookIds: string[]
  state: string
  keepsCredentials: boolean
  target: Record<string, string>
}

export interface ShownHook {
  id: string
  url: string
  events: string[]
  active: boolean
  pointsHere: boolean
  registered: boolean
}

interface Told<T> {
  status: number
  headers: Headers
  body: T
}

/** The registrations of one source, over the started server. */
export class Registering {
  readonly #relay: Relay
  readonly source: { id: string; url: string }

  constructor(relay: Relay, source: { id: string; url: string }) {
    this.#relay = relay
    this.source = source
  }

  static async of(
    relay: Relay,
    provider: string,
    settings: Record<string, unknown> = {},
  ): Promise<Registering> {
    return new Registering(relay, await relay.call('POST', '/sources', { provider, ...settings }))
  }

  async post(body: object): Promise<Told<Registration>> {
    return await this.#ask('POST', '/registrations', { body })
  }

  async list(): Promise<Registration[]> {
    return (await this.#ask<{ data: Registration[] }>('GET', '/registrations')).body.data
  }

  async hooks({ id }: { id: string }, credentials?: object): Promise<ShownHook[]> {
    const path = `/registrations/${id}/hooks`
    return (await this.#ask<{ data: ShownHook[] }>('GET', path, { credentials })).body.data
  }

  async remove({ id }: { id: string }, credentials?: object, query = ''): Promise<Told<unknown>> {
    return await this.#ask('DELETE', `/registrations/${id}${query}`, { credentials })
  }

  async secretCount(): Promise<number> {
    return (await this.#ask<{ secretCount: number }>('GET', '')).body.secretCount
  }

  async deleteSource(): Promise<Told<unknown>> {
    return await this.#ask('DELETE', '')
  }

  async #ask<T>(
    method: string,
    path: string,
    { body, credentials }: { body?: object; credentials?: object | undefined } = {},
  ): Promise<Told<T>> {
    const response = await fetch(`${this.#relay.url}/v1/sources/${this.source.id}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#relay.token}`,
        'content-type': 'application/json',
        ...(credentials === undefined ? {} : { 'hookway-credentials': JSON.stringify(credentials) }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const { status, headers } = response
    return { status, headers, body: (text === '' ? undefined : JSON.parse(text)) as T }
  }
}

/** A server for the tests of one file; providers that are started with `running` end with it. */
export function startRelay() {
  const relay = new Relay()
  const closing: (() => Promise<void>)[] = []
  beforeAll(() => relay.start())
  afterAll(async () => {
    await relay.stop()
    await Promise.all(closing.map((close) => close()))
  })
  async function running<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
    const provider = await starting
    closing.push(() => provider.close())
    return provider
  }
  return { relay, running }
}
