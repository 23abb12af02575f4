import { Hono } from 'hono'
import { consumeFanout } from './route/consume.ts'
import { makeIngestDoor } from './ingest/door.ts'
import { writeLog } from './db/log-writer.ts'
import { consumeLog } from './log/consume.ts'
import type { FanoutMessage } from './model/accept.ts'
import { systemClock } from './model/clock.ts'
import type { LogMessage } from './model/delivery-log.ts'
import { endpointOf } from './objects.ts'
import { makeRouteDeps } from './route/router-entrypoint.ts'
import { sweep } from './sweep/sweep.ts'
import { makeSweepDeps } from './sweep/deps.ts'

export { IntakeObject } from './ingest/intake-object.ts'
export { EndpointObject } from './deliver/endpoint-object.ts'
export { Router } from './route/router-entrypoint.ts'

const app = new Hono<{ Bindings: Env }>()
app.route('/', makeIngestDoor())
app.get('/healthz', (c) => c.json({ status: 'ok' }))

export default {
  fetch: app.fetch,

  async queue(batch, env) {
    if (batch.queue.endsWith('fanout')) {
      await consumeFanout(batch as MessageBatch<FanoutMessage>, makeRouteDeps(env))
    } else if (batch.queue.endsWith('log')) {
      await consumeLog(batch as MessageBatch<LogMessage>, {
        write: (messages) => writeLog(env.LOG_DB, messages),
        confirm: async (object, receipts) => {
          await endpointOf(env, object).confirm(receipts)
        },
      })
    }
  },

  async scheduled(_, env) {
    await sweep(makeSweepDeps(env, systemClock))
  },
} satisfies ExportedHandler<Env, FanoutMessage | LogMessage>
