// What the stages take from the platform, for a project whose other types are those of Node and the DOM.

interface Message<T> {
  readonly id: string
  readonly body: T
  readonly attempts: number
  ack(): void
  retry(options?: { delaySeconds?: number }): void
}

interface MessageBatch<T> {
  readonly queue: string
  readonly messages: readonly Message<T>[]
}

interface D1PreparedStatement {
  bind(...values: unknown[]): D1PreparedStatement
}

interface D1Database {
  prepare(query: string): D1PreparedStatement
  batch(statements: D1PreparedStatement[]): Promise<unknown[]>
}
