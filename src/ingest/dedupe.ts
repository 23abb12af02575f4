import { concat, sha256, toHex, utf8 } from '../model/bytes.ts'
import type { RawRequest } from '../model/request.ts'
import type { Source } from '../model/source.ts'
import type { EventFacts } from '../providers/provider.ts'
import { findFact, readFact, type FactSource } from './facts.ts'

/** Two equal requests without any id are a repeat only when close together: later, they are two events that look alike. */
const CONTENT_WINDOW_SECONDS = 300

export interface Dedupe {
  dedupeKey: string | null
  dedupeWindowSeconds: number
}

/**
 * By what a repeat of this event is known. The key says where it comes from, so that an id can never equal a content
 * hash. `index` is the event's place in a batch: an id of the whole request then names each of its events with it.
 */
export async function dedupeOf({
  source,
  request,
  path,
  facts,
  from,
  index,
}: {
  source: Pick<Source, 'settings'>
  /** The part of the request that is this event's. */
  request: Pick<RawRequest, 'method' | 'body'>
  path: string
  facts: EventFacts
  from: FactSource
  index: number | null
}): Promise<Dedupe> {
  const { by, windowSeconds } = source.settings.dedupe
  const suffix = index === null ? '' : `#${index}`
  if (by === 'none') return { dedupeKey: null, dedupeWindowSeconds: windowSeconds }
  if (by === 'auto') {
    const id = findFact(facts.id, from)
    if (id !== undefined) {
      return { dedupeKey: `id:${id.text}${id.ofItem ? '' : suffix}`, dedupeWindowSeconds: windowSeconds }
    }
  }
  if (by.startsWith('header:')) {
    const value = readFact(`header:${by.slice('header:'.length)}`, from)
    if (value !== undefined)
      return { dedupeKey: `header:${value}${suffix}`, dedupeWindowSeconds: windowSeconds }
  }
  if (by.startsWith('body:')) {
    const pointer = by.slice('body:'.length) as `/${string}`
    const found = findFact([pointer, `root:${pointer}`], from)
    if (found !== undefined) {
      return {
        dedupeKey: `body:${found.text}${found.ofItem ? '' : suffix}`,
        dedupeWindowSeconds: windowSeconds,
      }
    }
  }
  return {
    dedupeKey: `content:${await contentHash(request, path)}${suffix}`,
    dedupeWindowSeconds: by === 'content' ? windowSeconds : Math.min(windowSeconds, CONTENT_WINDOW_SECONDS),
  }
}

async function contentHash(request: Pick<RawRequest, 'method' | 'body'>, path: string): Promise<string> {
  return toHex(await sha256(concat([utf8(`${request.method}\n${path}\n`), request.body])))
}
