import { describe, expect, it } from 'vitest'
import type { Acknowledged, Arrival, Evidence, LogRow, Path } from '../chaos/evidence.ts'
import { isClean, judge } from '../chaos/verdict.ts'

/** The events 1 to `count` of one key, sent one after another. */
const events = (count: number): Acknowledged[] =>
  Array.from({ length: count }, (_, at) => ({
    ref: `r${at + 1}`,
    key: 'k',
    number: at + 1,
    kind: 'push',
    origin: 'ordered',
    eventId: `evt_${at + 1}`,
    sentAt: 10 * at,
    acknowledgedAt: 10 * at + 5,
  }))
const path = (given: Partial<Path> = {}): Path => ({
  name: 'in-order',
  subscriptionId: 'sub',
  origins: ['ordered'],
  kinds: ['push'],
  order: 'key',
  ends: 'delivered',
  ...given,
})
const arrival = (number: number, status = 200, given: Partial<Arrival> = {}): Arrival => ({
  route: 'in-order',
  ref: `r${number}`,
  webhookId: `dlv_${number}`,
  status,
  ...given,
})
const row = (number: number, given: Partial<LogRow> = {}): LogRow => ({
  id: `dlv_${number}`,
  eventId: `evt_${number}`,
  subscriptionId: 'sub',
  status: 'delivered',
  attempts: 1,
  ...given,
})

/** Two events that came through well, but for what is given. */
const judged = (given: Partial<Evidence> = {}) =>
  judge({
    acknowledged: events(2),
    paths: [path()],
    arrivals: [arrival(1), arrival(2)],
    rows: [row(1), row(2)],
    events: [
      { id: 'evt_1', ref: 'r1' },
      { id: 'evt_2', ref: 'r2' },
    ],
    ...given,
  })

describe('the verdict on a run', () => {
  it('has nothing to say when all came once and in order', () => {
    expect(judged()).toMatchObject({ acknowledged: 2, expected: 2, requests: 2, duplicated: 0 })
    expect(isClean(judged())).toBe(true)
  })

  it('counts what was taken again and permits it', () => {
    const verdict = judged({ arrivals: [arrival(1, 500), arrival(1), arrival(2), arrival(1), arrival(2)] })
    expect(verdict.duplicated).toBe(2)
    expect(isClean(verdict)).toBe(true)
  })

  it.each<[string, 'lost' | 'reordered' | 'unlogged' | 'split' | 'unexpected', Partial<Evidence>]>([
    ['never came', 'lost', { arrivals: [arrival(1)] }],
    ['was never taken', 'lost', { arrivals: [arrival(1), arrival(2, 500), arrival(2, 0)] }],
    [
      'is dead without an attempt',
      'lost',
      { arrivals: [arrival(1)], rows: [row(1), row(2, { status: 'dead', attempts: 0 })] },
    ],
    ['came before the one before it', 'reordered', { arrivals: [arrival(2), arrival(1)] }],
    [
      'came while the one before it was refused',
      'reordered',
      { arrivals: [arrival(1, 500), arrival(2), arrival(1)] },
    ],
    [
      'came after one that was sent later by another sender',
      'reordered',
      { paths: [path({ order: 'endpoint' })], arrivals: [arrival(2), arrival(1)] },
    ],
    ['has no row', 'unlogged', { rows: [row(1)] }],
    ['has two rows', 'unlogged', { rows: [row(1), row(2), row(2, { id: 'dlv_2' })] }],
    ['was taken and is logged as dead', 'unlogged', { rows: [row(1), row(2, { status: 'dead' })] }],
    ['is no event in the log', 'unlogged', { events: [{ id: 'evt_1', ref: 'r1' }] }],
    [
      'came under two ids',
      'split',
      { arrivals: [arrival(1), arrival(2), arrival(2, 200, { webhookId: 'dlv_x' })] },
    ],
    ['came under another id than it is logged', 'split', { rows: [row(1), row(2, { id: 'dlv_x' })] }],
    [
      'became a second event',
      'split',
      { events: ['evt_1', 'evt_2', 'evt_3'].map((id, at) => ({ id, ref: `r${Math.min(at + 1, 2)}` })) },
    ],
    ['came where it is not wanted', 'unexpected', { arrivals: [arrival(1), arrival(2), arrival(3)] }],
    ['is logged where it is not wanted', 'unexpected', { rows: [row(1), row(2), row(3)] }],
  ])('sees an event that %s', (_, kind, given) => {
    const verdict = judged(given)
    expect(verdict[kind].length).toBeGreaterThan(0)
    expect(isClean(verdict)).toBe(false)
  })

  it('takes what is dead in the log with its attempts for ended', () => {
    const verdict = judged({
      paths: [path({ ends: 'dead', order: 'none' })],
      arrivals: [arrival(1, 422), arrival(2, 422)],
      rows: [row(1, { status: 'dead' }), row(2, { status: 'dead' })],
    })
    expect(isClean(verdict)).toBe(true)
  })

  it('knows no order between keys', () => {
    const acknowledged = events(2).map((event) => ({ ...event, key: event.ref, number: 1 }))
    expect(judged({ acknowledged, arrivals: [arrival(2), arrival(1)] }).reordered).toEqual([])
  })
})
