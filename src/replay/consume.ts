import type { ReplayId } from '../model/id.ts'
import { stepReplay, type ReplayDeps } from './step.ts'

/** Steps of one replay in one invocation; the rest waits for the next message. */
const STEPS_MAX = 10
/** Replays that one sweep takes up. */
const SWEPT_MAX = 20
/** As long as the events that they replayed, by default. */
const KEPT_MS = 30 * 86_400_000

export interface ReplayMessage {
  replayId: ReplayId
}

export interface RunDeps<Row> extends ReplayDeps<Row> {
  enqueue(message: ReplayMessage, delaySeconds: number): Promise<void>
}

export interface SweepDeps<Row> extends RunDeps<Row> {
  /** Replays whose next step is due. */
  pageDue(now: number, limit: number): Promise<ReplayId[]>
  /** Removes some that ended and were made before. */
  expire(before: number, limit: number): Promise<void>
}

/** A batch of the `replay` queue. Losing a message loses nothing: the sweep takes the replay up. */
export async function consumeReplays<Row>(
  batch: { messages: readonly { body: ReplayMessage; ack(): void }[] },
  deps: RunDeps<Row>,
): Promise<void> {
  for (const message of batch.messages) {
    await runReplay(message.body.replayId, deps)
    message.ack()
  }
}

/** Takes up what is due and has no message on its way, or has lost it. */
export async function sweepReplays<Row>(deps: SweepDeps<Row>): Promise<void> {
  await deps.expire(deps.now() - KEPT_MS, SWEPT_MAX)
  for (const id of await deps.pageDue(deps.now(), SWEPT_MAX)) await runReplay(id, deps)
}

async function runReplay<Row>(id: ReplayId, deps: RunDeps<Row>): Promise<void> {
  let pauseMs: number | undefined = 0
  for (let steps = 0; pauseMs === 0 && steps < STEPS_MAX; steps++) pauseMs = await stepReplay(id, deps)
  if (pauseMs !== undefined) await deps.enqueue({ replayId: id }, Math.ceil(pauseMs / 1000))
}
