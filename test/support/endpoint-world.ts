import { QueueWorld } from './queue-world.ts'
import { memorySql } from './sqlite.ts'

export { START } from './queue-world.ts'

/** A queue's world in Node. */
export class EndpointWorld extends QueueWorld {
  constructor(settings: Record<string, unknown> = {}) {
    const sql = memorySql()
    super(() => sql, settings)
  }
}
