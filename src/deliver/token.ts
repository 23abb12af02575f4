import { z } from 'zod'
import { toBase64, utf8 } from '../model/bytes.ts'
import type { Oauth2 } from '../model/auth.ts'
import type { Outcome } from '../model/attempt.ts'
import type { After, Clock } from '../model/clock.ts'
import type { CheckTarget } from '../model/resolver.ts'
import { err, ok, type Result } from '../model/result.ts'
import { exchange, type Fetch } from './exchange.ts'

/** A server that takes longer is down; the attempt comes again. */
const TIMEOUT_MS = 10_000
/** Asked for anew this long before it ends, for clocks differ and a delivery takes time. */
const MARGIN_MS = 60_000
/** RFC 6749 5.1 only recommends `expires_in`. */
const LIFETIME_SECONDS = 300
const LIFETIME_SECONDS_MAX = 86_400

const answerSchema = z.object({
  access_token: z
    .string()
    .min(1)
    .max(10_000)
    .regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().min(0).optional().catch(undefined),
})

export interface TokenDeps {
  clock: Clock
  after: After
  fetch: Fetch
  checkTarget: CheckTarget
}

/** Why there is no token, as the outcome of the attempt that needed it. */
export interface TokenFailure {
  outcome: Outcome
  message: string
}

interface Held {
  token: string
  until: number
}

/** OAuth 2 access tokens (RFC 6749 4.4) of one endpoint: kept until shortly before they end, asked for once by all who wait. */
export class TokenCache {
  readonly #deps: TokenDeps
  #name = ''
  #held: Held | undefined
  #asked: Promise<Result<Held, TokenFailure>> | undefined

  constructor(deps: TokenDeps) {
    this.#deps = deps
  }

  /** `rejected`: a token that the receiver has just refused, so another is needed. */
  async get(auth: Oauth2, rejected?: string): Promise<Result<string, TokenFailure>> {
    const name = JSON.stringify(auth)
    if (name !== this.#name) this.#forget(name)
    const held = this.#held
    if (held && held.token !== rejected && held.until > this.#deps.clock.now()) return ok(held.token)
    this.#asked ??= this.#ask(auth, name)
    const asked = await this.#asked
    return asked.ok ? ok(asked.value.token) : asked
  }

  async #ask(auth: Oauth2, name: string): Promise<Result<Held, TokenFailure>> {
    try {
      const asked = await askForToken(auth, this.#deps)
      if (asked.ok && name === this.#name) this.#held = asked.value
      return asked
    } finally {
      if (name === this.#name) this.#asked = undefined
    }
  }

  /** The settings have changed: what was asked for under the old ones is not kept. */
  #forget(name: string): void {
    this.#name = name
    this.#held = undefined
    this.#asked = undefined
  }
}

async function askForToken(auth: Oauth2, deps: TokenDeps): Promise<Result<Held, TokenFailure>> {
  const { tokenUrl, clientId, clientSecret, scope, audience, clientAuth } = auth
  const target = await deps.checkTarget(tokenUrl)
  if (!target.ok) {
    const { reason, detail } = target.error
    return err({ outcome: { kind: 'refused', reason, detail: `tokenUrl: ${detail}` }, message: detail })
  }
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  if (scope !== undefined) form.set('scope', scope)
  if (audience !== undefined) form.set('audience', audience)
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  }
  if (clientAuth === 'body') {
    form.set('client_id', clientId)
    form.set('client_secret', clientSecret)
  } else headers['authorization'] = basic(formEncoded(clientId), formEncoded(clientSecret))
  const init = { method: 'POST', headers, body: form.toString() }
  const answer = await exchange(deps, { url: target.value.href, init, timeoutMs: TIMEOUT_MS })
  if (answer.kind === 'failure')
    return failed(`The authorisation server cannot be reached: ${answer.message}`)
  const parsed = answerSchema.safeParse(jsonOf(answer.body))
  if (answer.statusCode >= 300 || !parsed.success) {
    return failed(`The authorisation server gave no token (status ${answer.statusCode}).`)
  }
  const { access_token: token, expires_in: seconds = LIFETIME_SECONDS } = parsed.data
  const lifetimeMs = Math.min(seconds, LIFETIME_SECONDS_MAX) * 1000
  // Of a short life half is used, so that such a token is used at all.
  return ok({ token, until: deps.clock.now() + Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2) })
}

/** RFC 7617, in UTF-8. */
export function basic(username: string, password: string): string {
  return `Basic ${toBase64(utf8(`${username}:${password}`))}`
}

/** RFC 6749 2.3.1 encodes both before they are joined. */
function formEncoded(value: string): string {
  return new URLSearchParams({ v: value }).toString().slice('v='.length)
}

/** What the server says of its reasons may quote the request, so it is not repeated. */
function failed(message: string): Result<Held, TokenFailure> {
  return err({ outcome: { kind: 'deferred', reason: 'auth' }, message })
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
