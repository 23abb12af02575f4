import { z } from 'zod'
import { MASK } from '../model/seal.ts'
import { err, ok, type Result } from '../model/result.ts'
import type { Ask, Failure, HookApi, ProviderAnswer, Registration, Send, SentAnswer } from './registration.ts'

/** All that one call of ours may take, however many questions it needs. */
const ALL_MS_MAX = 45_000
const MESSAGE_CHARS_MAX = 300
/** When the provider does not say how long. */
const RETRY_AFTER_SECONDS = 60
const RETRY_AFTER_SECONDS_MAX = 86_400
/** GitHub refuses requests without one. */
const USER_AGENT = 'Hookway'

const tokenSchema = z.object({ access_token: z.string().regex(/^[\x21-\x7e]{1,10000}$/) })

/** A provider's API with one owner's credentials. */
export interface Connection {
  registration: Registration
  api: HookApi
  ask(ask: Ask): Promise<Result<ProviderAnswer, Failure>>
}

export interface ConnectionSettings {
  registration: Registration
  baseUrl: string
  target: unknown
  credentials: Readonly<Record<string, string | undefined>>
  /** Other texts that no message may show. */
  secrets?: readonly string[]
}

export function connect(
  { registration, baseUrl, target, credentials, secrets = [] }: ConnectionSettings,
  { send, now }: { send: Send; now: () => number },
): Connection {
  const api = registration.api({ credentials, target })
  const deadline = now() + ALL_MS_MAX
  const hidden = [...Object.values(credentials), ...secrets].filter((text) => text !== undefined)
  let token: string | undefined

  async function ask(
    question: Ask,
    headers: Record<string, string>,
  ): Promise<Result<ProviderAnswer, Failure>> {
    if (now() > deadline) return err({ kind: 'unreachable', message: 'It took too long to answer so far.' })
    const sent = await send(baseUrl + question.path, initOf(question, headers))
    if (!sent.ok) return err({ kind: 'unreachable', message: masked(sent.error, hidden) })
    return read(sent.value, registration, hidden)
  }

  return {
    registration,
    api,
    async ask(question) {
      if (api.token && token === undefined) {
        const asked = await ask(api.token, { accept: 'application/json' })
        if (!asked.ok) return asked
        token = tokenSchema.safeParse(asked.value.body).data?.access_token
        const { status } = asked.value
        if (token === undefined) return err({ kind: 'refused', status, message: 'It gave no access token.' })
        hidden.push(token)
      }
      return await ask(question, api.headers(token ?? ''))
    },
  }
}

function initOf({ method, json, form }: Ask, headers: Record<string, string>): RequestInit {
  const common = { method, headers: { ...headers, 'user-agent': USER_AGENT } }
  if (form) {
    const body = new URLSearchParams(form.map(([name, value]) => [name, value])).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return { ...common, headers: { ...common.headers, ...type }, body }
  }
  if (json === undefined) return common
  const type = { 'content-type': 'application/json' }
  return { ...common, headers: { ...common.headers, ...type }, body: JSON.stringify(json) }
}

function read(
  { status, headers, body: text, isCut }: SentAnswer,
  { faultIn }: Registration,
  hidden: readonly string[],
): Result<ProviderAnswer, Failure> {
  const body = parsed(text)
  const said = faultIn(body)
  const message = said === undefined ? '' : masked(said, hidden)
  if (status === 429 || (status === 403 && isLimit(headers))) {
    return err({ kind: 'limited', status, message, retryAfterSeconds: retryAfterOf(headers) })
  }
  if (status >= 500) return err({ kind: 'unreachable', message: `It answered ${status}. ${message}`.trim() })
  if (status >= 300 && status < 400) {
    return err({
      kind: 'refused',
      status,
      message: 'It redirects, which is not followed: name its own address.',
    })
  }
  if (status >= 400 || said !== undefined) return err({ kind: 'refused', status, message })
  if (isCut) return err({ kind: 'unreachable', message: 'Its answer is longer than is read.' })
  if (text !== '' && body === undefined) {
    return err({
      kind: 'refused',
      status,
      message: 'It answered something that is not JSON: is this its API?',
    })
  }
  return ok({ status, headers, body })
}

/** GitHub's primary limit, and its secondary one. */
function isLimit(headers: Readonly<Record<string, string>>): boolean {
  return headers['x-ratelimit-remaining'] === '0' || headers['retry-after'] !== undefined
}

function retryAfterOf(headers: Readonly<Record<string, string>>): number {
  const seconds = Number(headers['retry-after'])
  if (!Number.isFinite(seconds) || seconds <= 0) return RETRY_AFTER_SECONDS
  return Math.min(Math.ceil(seconds), RETRY_AFTER_SECONDS_MAX)
}

/** What a provider says of a request may quote it. */
function masked(message: string, hidden: readonly string[]): string {
  const clean = hidden
    .filter((text) => text !== '')
    .reduce((rest, text) => rest.replaceAll(text, MASK), message)
    .replace(/\p{Cc}+/gu, ' ')
  return clean.length > MESSAGE_CHARS_MAX ? `${clean.slice(0, MESSAGE_CHARS_MAX)}…` : clean
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
