import { expect, vi } from 'vitest'

type Answer = (url: string, signal: AbortSignal) => Promise<Response>

/** What the Worker has begun with its timers and with the outside world, and not brought to an end. */
export class Leftovers {
  readonly #open = new Set<object>()
  readonly seen = { timers: 0, bodies: 0 }

  /** From now on, for the rest of the test file. */
  static watch(): Leftovers {
    const leftovers = new Leftovers()
    leftovers.#watchTimers()
    return leftovers
  }

  /** What every request to the outside gets from now on, in a new count. */
  answer(answer: Answer): void {
    this.#open.clear()
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const request = new Request(input, init)
      await request.arrayBuffer()
      return await answer(request.url, init?.signal ?? request.signal)
    })
  }

  /** A body of so many parts. It is over when it was read to its end or cancelled; with a signal it hangs there until then. */
  body(parts: number, signal?: AbortSignal): ReadableStream {
    this.seen.bodies++
    const over = this.#begin('the body of an answer')
    let left = parts
    const pull = async (controller: ReadableStreamDefaultController) => {
      if (left-- > 0) return controller.enqueue(new Uint8Array(1024))
      if (signal) await aborted(signal).catch((error: unknown) => controller.error(error))
      else controller.close()
      over()
    }
    return new ReadableStream({ pull, cancel: over }, { highWaterMark: 0 })
  }

  /** No answer at all, until the request is given up. */
  async silence(signal: AbortSignal): Promise<never> {
    const over = this.#begin('a request')
    return await aborted(signal).finally(over)
  }

  /** A timer of a few milliseconds may still end by itself; an object may stay awake for ten seconds. */
  async untilNone(): Promise<void> {
    await vi.waitFor(() => expect([...this.#open]).toEqual([]), { timeout: 1_000, interval: 10 })
  }

  #begin(what: string): () => void {
    const entry = { what }
    this.#open.add(entry)
    return () => void this.#open.delete(entry)
  }

  #watchTimers(): void {
    const { setTimeout: start, clearTimeout: clear } = globalThis
    const ends = new Map<unknown, () => void>()
    const startWatched = (callback: () => void, ms?: number) => {
      const from = new Error().stack ?? ''
      if (!from.includes('/src/')) return start(callback, ms)
      this.seen.timers++
      const over = this.#begin(`a timer of ${ms} ms: ${from}`)
      const timer = start(() => {
        over()
        callback()
      }, ms)
      ends.set(timer, over)
      return timer
    }
    vi.stubGlobal('setTimeout', startWatched)
    vi.stubGlobal('clearTimeout', (timer: unknown) => {
      ends.get(timer)?.()
      clear(timer as number)
    })
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = () => reject(signal.reason as Error)
    if (signal.aborted) give()
    else signal.addEventListener('abort', give, { once: true })
  })
}
