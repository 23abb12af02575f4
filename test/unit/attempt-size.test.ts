import { describe, expect, it } from 'vitest'
import { eventBytesMax, jsonBytes, rowBytesMax } from '../../src/model/attempt-size.ts'
import type { AttemptRecord, DeliveryRow, EventRow } from '../../src/model/delivery-log.ts'
import { deliveryIdOf, newId } from '../../src/model/id.ts'
import { seeded } from '../support/mutation.ts'

const NOW = Date.UTC(2026, 10, 26)

describe('the weight of a row', () => {
  it('is never less than its JSON, whatever stands in it', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const row = rowOf(seeded(seed))
      expect(rowBytesMax(row)).toBeGreaterThanOrEqual(jsonBytes(row))
      const event = eventOf(seeded(seed))
      expect(eventBytesMax(event)).toBeGreaterThanOrEqual(jsonBytes(event))
    }
  })

  it('is near it for plain text', () => {
    const headers = Array.from({ length: 9 }, (_, at): [string, string] => [`x-header-${at}`, 'value of it'])
    const attempt = { ...attemptOf(() => 0), requestHeaders: headers, responseBody: 'ok '.repeat(100) }
    const row = { ...rowOf(() => 0), attemptLog: { 1: attempt } }
    expect(rowBytesMax(row) / jsonBytes(row)).toBeLessThan(1.4)
  })
})

/** Text of every weight: plain, to be escaped, of several bytes, half of a pair. */
const TEXTS = [
  '',
  'plain',
  'with "quotes" and \\',
  '\u0000\u001f\u007f',
  'žluťoučký',
  '漢字',
  '😀',
  '\ud800',
  'a'.repeat(300),
]

function text(random: () => number): string {
  return TEXTS[Math.floor(random() * TEXTS.length)] ?? ''
}

function attemptOf(random: () => number): AttemptRecord {
  const headers = Array.from({ length: Math.floor(random() * 5) }, (): [string, string] => [
    text(random),
    text(random),
  ])
  return {
    at: NOW,
    durationMs: random() * 1e6,
    result: 'network_unreachable',
    statusCode: 599,
    url: text(random),
    method: 'DELETE',
    requestHeaders: headers,
    responseHeaders: headers,
    responseBody: text(random),
    responseTruncated: true,
    error: text(random),
    batch: { id: newId('bat', NOW), size: 1000, deliveryId: newId('dlv', NOW) },
  }
}

function rowOf(random: () => number): DeliveryRow {
  const eventId = newId('evt', NOW)
  const subscriptionId = newId('sub', NOW)
  const attempts = Math.ceil(random() * 4)
  return {
    id: deliveryIdOf(eventId, subscriptionId),
    tenantId: newId('ten', NOW),
    eventId,
    eventType: text(random),
    sourceId: newId('src', NOW),
    endpointId: newId('ep', NOW),
    subscriptionId,
    status: 'cancelled',
    attempts: 500,
    statusCode: 599,
    error: text(random),
    durationMs: random() * 1e6,
    lastAttemptAt: NOW,
    nextAttemptAt: NOW,
    version: 4_004,
    attemptLog: Object.fromEntries(
      Array.from({ length: attempts }, (_, at) => [String(490 + at), attemptOf(random)]),
    ),
  }
}

function eventOf(random: () => number): EventRow {
  return {
    id: newId('evt', NOW),
    tenantId: newId('ten', NOW),
    sourceId: newId('src', NOW),
    type: text(random),
    receivedAt: NOW,
    occurredAt: NOW,
    providerEventId: text(random),
    entityType: text(random),
    entityId: text(random),
    contentType: text(random),
    bodyBytes: 26_214_400,
    bodyKey: text(random),
    country: text(random),
    orderingKey: text(random),
    pointer: { intake: text(random), segment: 2 ** 40, index: 999 },
  }
}
