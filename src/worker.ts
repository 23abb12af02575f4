import { Hono } from 'hono'
import { makeIngestDoor } from './door.ts'
import { EndpointObject as Endpoint } from './deliver/endpoint-object.ts'
import { IntakeObject as Intake } from './ingest/intake-object.ts'
import { consumeLog } from './log/consume.ts'
import { meteredEntrypoint, meteredHandler, meteredObject } from './metering.ts'
import type { FanoutMessage } from './model/accept.ts'
import type { LogMessage } from './model/delivery-log.ts'
import { consumeReplays, type ReplayMessage } from './replay/consume.ts'
import { makeReplayDeps } from './replaying.ts'
import { Router as Loopback } from './route/router-entrypoint.ts'
import { consumeFanout } from './route/consume.ts'
import { consumeDead } from './sweep/dead.ts'
import { makeDeadDeps, runSweeps } from './cron.ts'
import { apiOf, makeFanoutDeps, makeLogDeps } from './wiring.ts'

export class EndpointObject extends meteredObject('endpoint', Endpoint) {}
export class IntakeObject extends meteredObject('intake', Intake) {}
export class Router extends meteredEntrypoint(Loopback) {}

const app = new Hono<{ Bindings: Env }>()
app.route('/', makeIngestDoor())
app.all('*', (c) => apiOf(c.env).fetch(c.req.raw))

export default meteredHandler({
  fetch: app.fetch,

  async queue(batch, env) {
    if (batch.queue === 'hookway-fanout') {
      await consumeFanout(batch as MessageBatch<FanoutMessage>, makeFanoutDeps(env))
    } else if (batch.queue === 'hookway-log') {
      await consumeLog(batch as MessageBatch<LogMessage>, makeLogDeps(env))
    } else if (batch.queue === 'hookway-replay') {
      await consumeReplays(batch as MessageBatch<ReplayMessage>, makeReplayDeps(env))
    } else {
      await consumeDead(batch as MessageBatch<FanoutMessage | LogMessage>, makeDeadDeps(env))
    }
  },

  async scheduled(_, env) {
    await runSweeps(env)
  },
} satisfies ExportedHandler<Env, FanoutMessage | LogMessage | ReplayMessage>)
