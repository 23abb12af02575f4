import { WorkerEntrypoint } from 'cloudflare:workers'
import { findEndpoint } from '../db/endpoints.ts'
import { registerIntake } from '../db/intakes.ts'
import { routedSubscriptions, routingVersion } from '../db/routing.ts'
import type { FanoutMessage } from '../model/accept.ts'
import { systemClock } from '../model/clock.ts'
import type { LogMessage } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { EndpointId } from '../model/id.ts'
import { parseIntakeName, type HandOver, type Settlement } from '../model/intake.ts'
import { endpointOf, intakeOf } from '../objects.ts'
import { routeHandOver, type RouteDeps } from './route.ts'
import { RoutingCache } from './routing-cache.ts'

/** `sendBatch` takes 100 messages or 256 KB; a page of endpoint ids is about 4 KB. */
const MESSAGES_MAX = 50

const cache = new RoutingCache()

/** What objects call through the loopback binding: it runs beside them with all bindings, and the call is free. */
export class Router extends WorkerEntrypoint<Env> {
  handOver(handOver: HandOver): Promise<Settlement> {
    return routeHandOver(handOver, makeRouteDeps(this.env))
  }

  registerIntake(name: string): Promise<void> {
    return registerIntake(this.env.DB, { name, ...parseIntakeName(name) }, systemClock.now())
  }

  async findEndpoint(id: EndpointId): Promise<Endpoint | undefined> {
    return await findEndpoint(this.env.DB, id)
  }
}

export function makeRouteDeps(env: Env): RouteDeps {
  const source = {
    version: (tenantId: string) => routingVersion(env.DB, tenantId as 'default'),
    subscriptions: (tenantId: string) => routedSubscriptions(env.DB, tenantId as 'default'),
  }
  return {
    routingTable: (tenantId) => cache.get(tenantId, source),
    accept: async (batch) => {
      await endpointOf(env, batch.endpointId).accept(batch)
    },
    enqueueFanout: async (messages: FanoutMessage[]) => {
      for (let i = 0; i < messages.length; i += MESSAGES_MAX) {
        await env.FANOUT.sendBatch(messages.slice(i, i + MESSAGES_MAX).map((body) => ({ body })))
      }
    },
    logEvents: async (events) => {
      const message: LogMessage = { kind: 'events', events }
      await env.LOG.send(message)
    },
    readSegments: async (intake, segments) => await intakeOf(env, intake).readSegments(segments),
    settlePage: async ({ intake, segments, page }) => {
      await intakeOf(env, intake).settlePage(segments, page)
    },
  }
}
