import { createHmac } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import { spawnServer, type ServerProcess } from '../../src/local/process.ts'
import type { Settings } from '../../src/local/settings.ts'
import { makeCaller, type Call } from './api.ts'
import type { Certificate } from './certificate.ts'
import { eventually } from './eventually.ts'
import { startReceiver, type Received, type Receiver, type Script } from './receiver.ts'

/** What GitHub and a source of these tests agree on, unless a test says otherwise. */
export const SECRET = 'a secret between GitHub and us'

export interface Attempt {
  number: number
  result: string
  statusCode: number | null
  error: string | null
  durationMs: number
  request: { url: string; method: string; headers: [string, string][] }
  response: { headers: [string, string][]; body: string; truncated: boolean } | null
}

export interface Delivery {
  id: string
  eventId: string
  endpointId: string
  status: string
  attempts: number
  statusCode: number | null
  error: string | null
  attemptLog: Attempt[]
}

export interface Endpoint {
  id: string
  secret: string
  subscriptionId: string
}

export interface Accepted {
  id: string
  duplicate: boolean
}

/** A started server with receivers around it; everything ends with `stop`. */
export class Relay {
  readonly #dataDir = newDataDir()
  readonly #receivers: Receiver[] = []
  #server: ServerProcess | undefined
  readonly call: Call

  constructor() {
    this.call = makeCaller(
      () => this.url,
      () => this.token,
    )
  }

  get url(): string {
    return this.#server?.url ?? ''
  }

  get token(): string {
    return this.#server?.rootToken ?? ''
  }

  /** All that the server has printed. */
  get output(): string {
    return this.#server?.output() ?? ''
  }

  async start(settings: Partial<Settings> = {}): Promise<void> {
    this.#server = await spawnServer({ dataDir: this.#dataDir, ...settings })
  }

  /** The exit code after a SIGTERM. What is on disk stays for the next start. */
  async terminate(): Promise<number | null> {
    this.#server?.kill('SIGTERM')
    return (await this.#server?.exited) ?? null
  }

  /** As a crash: nothing is told to stop. */
  async kill(): Promise<void> {
    this.#server?.kill('SIGKILL')
    await this.#server?.exited
  }

  async stop(): Promise<void> {
    await this.terminate()
    await Promise.all(this.#receivers.map((receiver) => receiver.close()))
    rmSync(this.#dataDir, { recursive: true, force: true })
  }

  async receiver(script?: Script, certificate?: Certificate): Promise<Receiver> {
    const receiver = await startReceiver(script, certificate)
    this.#receivers.push(receiver)
    return receiver
  }

  async source(settings: Record<string, unknown> = {}): Promise<{ id: string; url: string }> {
    return await this.call('POST', '/sources', { provider: 'github', secrets: [SECRET], ...settings })
  }

  /** An endpoint that gets everything from one source. */
  async endpoint(
    source: { id: string },
    { url }: { url: string },
    settings: Record<string, unknown> = {},
  ): Promise<Endpoint> {
    return await this.call('POST', '/endpoints', { url, sourceIds: [source.id], ...settings })
  }

  /** One source, one receiver that answers as scripted, one endpoint between them. */
  async path(settings: Record<string, unknown> = {}, script?: Script) {
    const receiver = await this.receiver(script)
    const source = await this.source()
    return { source, receiver, endpoint: await this.endpoint(source, receiver, settings) }
  }

  /** Sends a body to a source as GitHub does. */
  async post(
    { id }: { id: string },
    body: string | Uint8Array<ArrayBuffer>,
    { secret = SECRET, headers = {}, path = '', method = 'POST' }: PostOptions = {},
  ): Promise<Response> {
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    return await fetch(`${this.url}/in/${id}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-hub-signature-256': `sha256=${signature}`,
        ...headers,
      },
      ...(method === 'GET' ? {} : { body }),
    })
  }

  /** As `post`, for what must be accepted. */
  async send(
    source: { id: string },
    body: string | Uint8Array<ArrayBuffer>,
    options: PostOptions = {},
  ): Promise<Accepted> {
    const response = await this.post(source, body, options)
    const text = await response.text()
    if (response.status !== 200) throw new Error(`not accepted: ${response.status} ${text}`)
    return JSON.parse(text) as Accepted
  }

  /** An event's only delivery, once it has come as far as asked (by default to an end). */
  async delivery(
    eventId: string,
    isThere: (delivery: Delivery) => boolean = ({ status }) => status === 'delivered' || status === 'dead',
  ): Promise<Delivery> {
    let last: Delivery | undefined
    return await eventually(
      async () => {
        const { data } = await this.call<{ data: { id: string }[] }>('GET', `/deliveries?eventId=${eventId}`)
        const [first, second] = data
        if (second) throw new Error(`${eventId} has more than one delivery`)
        if (!first) return undefined
        last = await this.call<Delivery>('GET', `/deliveries/${first.id}`)
        return isThere(last) ? last : undefined
      },
      { withinMs: 30_000, what: () => `the delivery of ${eventId} is ${last?.status ?? 'not there'}` },
    )
  }

  /** The requests of a receiver as soon as there are so many. */
  async arrived({ received }: Receiver, count: number): Promise<Received[]> {
    return await eventually(() => (received.length >= count ? received : undefined), {
      withinMs: 30_000,
      what: () => `${received.length} of ${count} requests arrived`,
    })
  }
}

/** With empty databases that are migrated already; first starts have tests of their own. */
export function newDataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'hookway-relay-'))
  cpSync(inject('migratedState'), join(dir, 'state'), { recursive: true })
  return dir
}

interface PostOptions {
  secret?: string
  headers?: Record<string, string>
  path?: string
  method?: string
}
