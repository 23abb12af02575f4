import type { Faults } from './faults.ts'
import type { Life } from './host.ts'
import type { Sim } from './sim.ts'

interface QueueDeps<T> {
  sim: Sim
  faults: Faults
  name: string
  batchMax: number
  retriesMax: number
  consume(batch: MessageBatch<T>): Promise<void>
}

interface Queued<T> {
  body: T
  attempts: number
}

/** The platform ends a consumer that runs longer (15 minutes) and delivers its batch again. */
const CONSUMER_MS_MAX = 900_000

/** A queue that keeps what it likes: messages get lost, come twice, late and in any order. */
export class Queue<T> {
  readonly #deps: QueueDeps<T>
  readonly #ready: Queued<T>[] = []
  #isPumping = false

  constructor(deps: QueueDeps<T>) {
    this.#deps = deps
  }

  /** Resolves when the queue has taken it, which is no promise that it comes out. */
  send(bodies: readonly T[], from?: Life): Promise<void> {
    const { sim, faults, name } = this.#deps
    const fate = faults.call()
    return new Promise((resolve, reject) => {
      sim.in(faults.latency(), `send to ${name}`, () => {
        // Copied, as a message is bytes: what the sender changes later stays with it.
        if (fate !== 'is lost') for (const body of bodies) this.#put(structuredClone(body))
        if (from?.isAlive === false) return
        if (fate === 'arrives') resolve()
        else reject(new Error('the queue did not answer'))
      })
    })
  }

  #put(body: T): void {
    for (const ms of this.#deps.faults.message()) this.#later({ body, attempts: 1 }, ms)
  }

  #later(message: Queued<T>, ms: number): void {
    this.#deps.sim.in(ms, `message for ${this.#deps.name}`, () => {
      this.#ready.splice(this.#deps.sim.dice.int(0, this.#ready.length), 0, message)
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#isPumping || this.#ready.length === 0) return
    this.#isPumping = true
    const { sim, name, batchMax } = this.#deps
    sim.in(sim.dice.int(1, 100), `batch for ${name}`, () => {
      this.#isPumping = false
      this.#run(this.#ready.splice(0, batchMax))
      this.#pump()
    })
  }

  #run(messages: Queued<T>[]): void {
    const { sim, name, consume, faults } = this.#deps
    const retried = new Map<Queued<T>, number>()
    // A consumer that dies: what it acknowledged comes again with the rest.
    const isForgotten = faults.call() === 'is lost'
    const batch: MessageBatch<T> = {
      queue: name,
      messages: messages.map((message, at) => ({
        id: String(at),
        body: message.body,
        attempts: message.attempts,
        ack: () => undefined,
        retry: ({ delaySeconds = 0 } = {}) => void retried.set(message, delaySeconds),
      })),
    }
    let isOver = false
    const finish = (again: Iterable<[Queued<T>, number]>) => {
      if (isOver) return
      isOver = true
      cancel()
      for (const [message, seconds] of again) this.#retry(message, seconds * 1000)
    }
    const all = () => messages.map((message): [Queued<T>, number] => [message, 1])
    const cancel = sim.in(CONSUMER_MS_MAX, `${name} takes its batch back`, () => finish(all()))
    void consume(batch).then(
      () => finish(isForgotten ? all() : retried),
      () => finish(all()),
    )
  }

  #retry({ body, attempts }: Queued<T>, ms: number): void {
    if (attempts <= this.#deps.retriesMax) this.#later({ body, attempts: attempts + 1 }, ms + 1)
    else this.#deps.sim.trace(`${this.#deps.name} gives a message up`)
  }
}
