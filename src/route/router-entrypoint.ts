import { WorkerEntrypoint } from 'cloudflare:workers'
import type { LogMessage } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { EndpointId } from '../model/id.ts'
import type { HandOver, Settlement } from '../model/intake.ts'
import type { Notice } from '../model/notice.ts'
import type { AwaitedEvent, Reply } from '../model/reply.ts'
import {
  knowIntake,
  makeReplyDeps,
  makeRouteDeps,
  readEndpoint,
  tellOwner,
  writeDirectly,
} from '../wiring.ts'
import { replyTo } from './reply.ts'
import { routeHandOver } from './route.ts'

/** What objects call through the loopback binding: it runs beside them with all bindings, and the call is free. */
export class Router extends WorkerEntrypoint<Env> {
  handOver(handOver: HandOver): Promise<Settlement> {
    return routeHandOver(handOver, makeRouteDeps(this.env))
  }

  writeLog(message: LogMessage): Promise<boolean> {
    return writeDirectly(this.env, message)
  }

  registerIntake(name: string): Promise<void> {
    return knowIntake(this.env, name)
  }

  notify(endpoint: Endpoint, notice: Notice): Promise<void> {
    return tellOwner(this.env, endpoint, notice)
  }

  findEndpoint(id: EndpointId): Promise<Endpoint | undefined> {
    return readEndpoint(this.env, id)
  }

  replyTo(event: AwaitedEvent): Promise<Reply> {
    return replyTo(event, makeReplyDeps(this.env))
  }
}
