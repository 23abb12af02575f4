import { Hono } from 'hono'
import { makeIngestDoor } from './ingest/door.ts'
import { consumeLog } from './log/consume.ts'
import type { FanoutMessage } from './model/accept.ts'
import { systemClock } from './model/clock.ts'
import type { LogMessage } from './model/delivery-log.ts'
import { consumeFanout } from './route/consume.ts'
import { makeRouteDeps } from './route/router-entrypoint.ts'
import { consumeDead } from './sweep/dead.ts'
import { makeSweepDeps } from './sweep/deps.ts'
import { sweep } from './sweep/sweep.ts'
import { apiOf, makeLogDeps } from './wiring.ts'

export { EndpointObject } from './deliver/endpoint-object.ts'
export { IntakeObject } from './ingest/intake-object.ts'
export { Router } from './route/router-entrypoint.ts'

const app = new Hono<{ Bindings: Env }>()
app.route('/', makeIngestDoor())
app.all('*', (c) => apiOf(c.env).fetch(c.req.raw))

export default {
  fetch: app.fetch,

  async queue(batch, env) {
    if (batch.queue === 'hookway-fanout') {
      await consumeFanout(batch as MessageBatch<FanoutMessage>, makeRouteDeps(env))
    } else if (batch.queue === 'hookway-log') {
      await consumeLog(batch as MessageBatch<LogMessage>, makeLogDeps(env))
    } else {
      await consumeDead(batch, {
        log: async (message, delaySeconds) => {
          await env.LOG.send(message, { delaySeconds })
        },
      })
    }
  },

  async scheduled(_, env) {
    await sweep(makeSweepDeps(env, systemClock))
  },
} satisfies ExportedHandler<Env, FanoutMessage | LogMessage>
