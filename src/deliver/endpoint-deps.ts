import type { After, Clock } from '../model/clock.ts'
import type { LogMessage } from '../model/delivery-log.ts'
import type { Endpoint } from '../model/endpoint.ts'
import type { Notice } from '../model/notice.ts'
import type { Result } from '../model/result.ts'
import type { Attempted, AttemptInput } from './attempt.ts'
import type { PreparedMessage } from './message.ts'
import type { DeliveryStore } from './store.ts'

/** What one endpoint's queue needs of the world. */
export interface EndpointDeps {
  store: DeliveryStore
  clock: Clock
  attempt(input: Omit<AttemptInput, 'secrets' | 'settings'>, endpoint: Endpoint): Promise<Attempted>
  /** As a consumer that polls is to get it; an error ends the delivery as an attempt would. */
  message(
    input: Omit<AttemptInput, 'secrets' | 'settings'>,
    endpoint: Endpoint,
  ): Promise<Result<PreparedMessage, Attempted>>
  after: After
  sendLog(message: LogMessage): Promise<void>
  /** Tells the owner what became of the receiver, and disables the endpoint where the notice says so. */
  notify(notice: Notice): void
  /** The name of the object, to which the log's writer confirms. */
  object: string
  /** Tells an intake that this object needs its copy of these segments no more. */
  settled(intake: string, segments: number[]): void
  /** Makes sure that an alarm comes no later than `at`. */
  wakeBy(at: number): void
}
