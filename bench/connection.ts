import { connect, type Socket } from 'node:net'

/** The status of an answer, or in a word why there is none. */
export type Answer = number | string

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
/** A server that says nothing for so long will not: the measurement goes on without it. */
const ANSWER_WITHIN_MS = 60_000

/** One kept-alive connection that sends prepared bytes and reads as little of HTTP/1.1 as finding an answer's end needs. */
export class Connection {
  readonly #target: { host: string; port: number }
  #socket: Socket | undefined
  #received: Buffer = Buffer.alloc(0)
  #answered: ((answer: Answer) => void) | undefined
  #failure: string | undefined

  constructor(url: URL) {
    this.#target = { host: url.hostname, port: Number(url.port) }
  }

  send(request: Buffer): Promise<Answer> {
    this.#socket ??= this.#open()
    this.#socket.write(request)
    return new Promise((resolve) => (this.#answered = resolve))
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect({ ...this.#target, noDelay: true })
    this.#failure = undefined
    socket.setTimeout(ANSWER_WITHIN_MS, () => {
      this.#failure = 'no answer'
      socket.destroy()
    })
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#failure ??= error.code ?? error.message))
    socket.on('close', () => {
      this.#socket = undefined
      this.#finish(this.#failure ?? 'closed')
    })
    return socket
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length ? Buffer.concat([this.#received, chunk]) : chunk
    const headEnd = this.#received.indexOf(HEAD_END)
    if (headEnd < 0) return
    const head = this.#received.toString('latin1', 0, headEnd)
    const length = /content-length: (\d+)/i.exec(head)?.[1]
    const complete =
      length === undefined
        ? this.#received.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)
        : this.#received.length >= headEnd + HEAD_END.length + Number(length)
    if (complete) this.#finish(Number(head.slice(9, 12)))
  }

  #finish(answer: Answer): void {
    this.#received = Buffer.alloc(0)
    const answered = this.#answered
    this.#answered = undefined
    answered?.(answer)
  }
}
