import { DurableObject } from 'cloudflare:workers'

export { EndpointObject, IntakeObject, Router } from '../../src/worker.ts'
export { default } from '../../src/worker.ts'

/** An object with nothing of its own: its storage, and its end, are what a test wants of it. */
export class BareObject extends DurableObject {}

declare global {
  namespace Cloudflare {
    interface Env {
      BARE: DurableObjectNamespace<BareObject>
    }
  }
}
