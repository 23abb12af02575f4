import { connect, type Socket } from 'node:net'

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('0\r\n\r\n')

/** One kept-alive connection that sends prepared bytes and reads as little of HTTP/1.1 as finding an answer's end needs. */
export class Connection {
  readonly #target: { host: string; port: number }
  #socket: Socket | undefined
  #received: Buffer = Buffer.alloc(0)
  #answered: ((status: number) => void) | undefined

  constructor(url: URL) {
    this.#target = { host: url.hostname, port: Number(url.port) }
  }

  /** The status of the answer, or 0 when the connection broke. */
  send(request: Buffer): Promise<number> {
    this.#socket ??= this.#open()
    this.#socket.write(request)
    return new Promise((resolve) => (this.#answered = resolve))
  }

  close(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect({ ...this.#target, noDelay: true })
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#socket = undefined
      this.#finish(0)
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

  #finish(status: number): void {
    this.#received = Buffer.alloc(0)
    const answered = this.#answered
    this.#answered = undefined
    answered?.(status)
  }
}
