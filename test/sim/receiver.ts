import { unreachable } from '../../src/model/invariant.ts'
import { text } from '../../src/model/bytes.ts'
import type { Dice } from '../support/random.ts'
import type { Sim } from './sim.ts'

/** How a receiver is these days. */
export type Mood = 'kind' | 'slow' | 'failing' | 'busy' | 'broken' | 'strict' | 'gone' | 'silent' | 'moody'
export const MOODS = [
  'kind',
  'slow',
  'failing',
  'busy',
  'broken',
  'strict',
  'gone',
  'silent',
  'moody',
] as const

interface Answer {
  ms: number
  status: number
  headers?: Record<string, string>
  /** The connection breaks instead. */
  breaks?: boolean
  /** The body is never finished. */
  hangs?: boolean
}

/** A receiver and the network before it. */
export class SimReceiver {
  readonly #sim: Sim
  readonly name: string
  mood: Mood = 'kind'
  readonly #received: (delivery: string, body: string) => void

  constructor(sim: Sim, name: string, received: (delivery: string, body: string) => void) {
    this.#sim = sim
    this.name = name
    this.#received = received
  }

  /** `fetch` as an object calls it: rejects when its signal says so. */
  fetch(init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    const { dice } = this.#sim
    const answer = this.#answer(dice)
    const result = Promise.withResolvers<Response>()
    init.signal?.addEventListener('abort', () => result.reject(new Error('aborted')))
    this.#sim.in(dice.int(1, 20), `${this.name} receives`, () => {
      this.#received(headers.get('webhook-id') ?? '', text(init.body as Uint8Array))
    })
    if (answer === undefined) return result.promise
    this.#sim.in(20 + answer.ms, `${this.name} answers ${answer.breaks ? 'nothing' : answer.status}`, () => {
      if (answer.breaks) result.reject(new Error('Network connection lost.'))
      else result.resolve(responseOf(answer, init.signal))
    })
    return result.promise
  }

  /** Undefined: none ever. */
  #answer(dice: Dice): Answer | undefined {
    const mood: Exclude<Mood, 'moody'> =
      this.mood === 'moody'
        ? dice.pick(['kind', 'kind', 'slow', 'failing', 'busy', 'broken', 'silent'])
        : this.mood
    const ms = dice.int(0, 100)
    switch (mood) {
      case 'kind':
        return { ms, status: 200 }
      case 'slow':
        return { ms: dice.int(0, 6_000), status: 200, hangs: dice.isHit(0.2) }
      case 'failing':
        return { ms, status: dice.pick([500, 502, 503, 302, 408]) }
      case 'busy':
        return { ms, status: dice.pick([429, 503]), headers: { 'retry-after': this.#retryAfter(dice) } }
      case 'broken':
        return { ms, status: 0, breaks: true }
      case 'strict':
        return { ms, status: dice.pick([200, 200, 404, 422]) }
      case 'gone':
        return { ms, status: 410 }
      case 'silent':
        return undefined
      default:
        return unreachable(mood, 'answer')
    }
  }

  #retryAfter(dice: Dice): string {
    const seconds = dice.int(0, 90)
    return dice.pick([
      String(seconds),
      new Date(this.#sim.now() + seconds * 1000).toUTCString(),
      'soon',
      '-1',
    ])
  }
}

function responseOf({ status, headers = {}, hangs }: Answer, signal?: AbortSignal | null): Response {
  if (!hangs) return new Response('', { status, headers })
  const body = new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('so far'))
      signal?.addEventListener('abort', () => controller.error(new Error('aborted')))
    },
  })
  return new Response(body, { status, headers })
}
