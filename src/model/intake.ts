import type { EventId, SourceId, TenantId } from './id.ts'

/** One event on its way into an intake object. */
export interface AppendItem {
  id: EventId
  /** `encodeEvent` of the event. */
  record: Uint8Array
  /** Requests with the same key within the window are one event; null: never a duplicate. */
  key: string | null
  windowMs: number
}

export interface Appended {
  /** Of a duplicate: the id of the first. */
  id: EventId
  duplicate: boolean
}

/** Segments of an intake object, handed to route. `records` is `packRecords` of the segment's events. */
export interface HandOver {
  intake: string
  tenantId: TenantId
  sourceId: SourceId | null
  segments: { segment: number; records: Uint8Array }[]
  /** Endpoint objects may try before they write down: the intake keeps what it lends until they settle it. */
  mayLend?: boolean
}

/** What route made of a hand-over. A segment in none of the lists failed and is handed over again. */
export interface Settlement {
  settled: number[]
  /** Segments whose endpoints were put on the fan-out queue in pages; each page is settled by its consumer. */
  paged: { segment: number; pages: number[] }[]
  /** Segments that endpoint objects have in memory alone; each settles its part under its own name. Absent: none. */
  lent?: { segment: number; objects: string[] }[]
}

/** Of an intake object's name: `tenant/source/region`, where source may be `publish`. */
export function parseIntakeName(name: string): { tenantId: TenantId; sourceId: SourceId | null } {
  const [tenantId = '', source = ''] = name.split('/')
  return { tenantId: tenantId as TenantId, sourceId: source.startsWith('src_') ? (source as SourceId) : null }
}
