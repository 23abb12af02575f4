import { env } from 'cloudflare:workers'
import { SETTLING_MS } from '../../src/erase/step.ts'
import { sweepErasures } from '../../src/erasing.ts'
import { dumpEverything } from './dump.ts'
import type { RelayWorld } from './relay-world.ts'

export interface Erasure {
  id: string
  state: string
  subjectHash: string
  counts: Record<string, number>
  eventHashes: string[]
  error: string | null
}

export async function placesWith(text: string): Promise<string[]> {
  const dump = await dumpEverything()
  return Object.entries(dump).flatMap(([place, content]) => (content.includes(text) ? [place] : []))
}

/** A receiver that repeats what it was told, in its answer and in a header. */
export const echo = ({ body }: { body: string }) =>
  new Response(body.slice(0, 2_000), { headers: { 'x-echo': encodeURIComponent(body.slice(0, 200)) } })

/** The end of an erasure, whose last look comes a minute after it was made. */
export async function settle(world: RelayWorld, erasure: Erasure): Promise<Erasure> {
  world.now += SETTLING_MS
  await sweepErasures(env)
  return await world.call<Erasure>('GET', `/erasures/${erasure.id}`)
}
