import { utf8 } from '../model/bytes.ts'
import { intercept } from './intercept.ts'

/** A message is billed in pieces of this size. */
const PIECE_BYTES = 64 * 1024
/** A message is written and, once, deleted; each time it is delivered it is read. */
const OPERATIONS_SENT = 2
/** What exhausted its retries is written once more, into a queue of its own, read there and deleted. */
const OPERATIONS_DEAD = 3

interface Sent {
  readonly body: unknown
}

/** A queue that says how many operations what is sent to it will cost, but for reading it. */
export function meteredQueue<Queue extends object>(queue: Queue, count: (operations: number) => void): Queue {
  return intercept(queue, (name, original) => {
    if (name === 'send') {
      return (body: unknown, ...rest) => {
        count(OPERATIONS_SENT * piecesOf(body))
        return original(body, ...rest) as unknown
      }
    }
    if (name !== 'sendBatch') return undefined
    return (messages: Iterable<Sent>, ...rest) => {
      const list = [...messages]
      count(list.reduce((sum, { body }) => sum + OPERATIONS_SENT * piecesOf(body), 0))
      return original(list, ...rest) as unknown
    }
  })
}

export function operationsOfReading(batch: { queue: string; messages: readonly Sent[] }): number {
  const each = batch.queue === 'hookway-dead' ? OPERATIONS_DEAD : 1
  return batch.messages.reduce((sum, { body }) => sum + each * piecesOf(body), 0)
}

function piecesOf(body: unknown): number {
  return Math.max(1, Math.ceil(utf8(JSON.stringify(body) ?? '').length / PIECE_BYTES))
}
