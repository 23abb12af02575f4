import { Hono, type Context, type Env as HonoEnv } from 'hono'
import type { Clock } from '../model/clock.ts'
import { newId, type SourceId } from '../model/id.ts'
import { ProblemError, problemResponse } from '../model/problem.ts'
import { ingest, type IngestDeps } from './ingest.ts'

/** `ANY /in/:sourceId[/*]`. Every request gets an answer, and every answer that is not the source's is a problem. */
export function makeDoor<E extends HonoEnv>(depsOf: (c: Context<E>) => IngestDeps, clock: Clock): Hono<E> {
  const door = new Hono<E>()
  door.all('/in/:sourceId{src_[0-9A-Z]+}/*', (c) =>
    answer(c.req.raw, c.req.param('sourceId') as SourceId, () => depsOf(c), clock),
  )
  return door
}

/** One request under `/in/:sourceId`, or under another path that ends there. */
export async function answer(
  request: Request,
  sourceId: SourceId,
  deps: () => IngestDeps,
  clock: Clock,
): Promise<Response> {
  try {
    const { pathname, search } = new URL(request.url)
    const path = pathname.replace(/^\/[^/]+\/[^/]+/, '') + search
    return await ingest({ request, sourceId, path }, deps())
  } catch (error) {
    const problem =
      error instanceof ProblemError
        ? error
        : new ProblemError('unavailable', 'The event could not be stored. Send it again.', {
            headers: { 'retry-after': '5' },
          })
    return problemResponse(problem, newId('req', clock.now()))
  }
}
