import { attemptDelivery, type Attempted } from '../../src/deliver/attempt.ts'
import type { Composed } from '../../src/deliver/compose.ts'
import { TokenCache } from '../../src/deliver/token.ts'
import { text, utf8, type Bytes } from '../../src/model/bytes.ts'
import { endpointSettingsSchema } from '../../src/model/endpoint.ts'
import type { Event } from '../../src/model/event.ts'
import { err, ok } from '../../src/model/result.ts'

export const NOW = Date.UTC(2026, 10, 22, 10, 0, 0)

export interface Sent {
  url: string
  method: string
  headers: Record<string, string>
  body: Bytes | undefined
}

export type Receiver = (sent: Sent, count: number) => Response

export function eventOf(
  head: Partial<Event['head']> = {},
  body: Bytes = utf8('{"lead":{"id":42,"ok":true}}'),
): Event {
  return {
    head: {
      id: 'evt_01M80QNV1KDDNSNS26TJ7V4HD4',
      tenantId: 'default',
      sourceId: null,
      type: 'lead.created',
      receivedAt: NOW - 1000,
      contentType: 'application/json',
      metadata: { country: 'AT' },
      bodyBytes: body.byteLength,
      ...head,
    },
    body,
  }
}

/** One attempt with these settings, and what reached the receivers. */
export async function attempt(
  settings: object,
  { event = eventOf(), receiver = () => new Response('ok') }: { event?: Event; receiver?: Receiver } = {},
): Promise<Attempted & { sent: Sent[] }> {
  const world = makeWorld(receiver)
  return { ...(await world.attempt(settings, event)), sent: world.sent }
}

/** Receivers that answer as `receiver` says; `sent` is what reached them. Addresses in 10/8 are private. */
export function makeWorld(receiver: Receiver) {
  const sent: Sent[] = []
  const time = { now: NOW }
  const outward = {
    clock: { now: () => time.now, random: () => 0 },
    after: () => () => undefined,
    checkTarget: async (url: string) =>
      url.includes('//10.')
        ? err({ reason: 'private_address' as const, detail: 'The address is private.' })
        : ok(new URL(url)),
    async fetch(url: string, init: RequestInit) {
      const request = new Request(url, init)
      const body = request.body ? new Uint8Array(await request.arrayBuffer()) : undefined
      const one = { url, method: request.method, headers: Object.fromEntries(request.headers), body }
      sent.push(one)
      return receiver(one, sent.length)
    },
  }
  const deps = { ...outward, readBody: async () => undefined, tokens: new TokenCache(outward) }
  return {
    sent,
    time,
    attempt: (settings: object, event = eventOf(), batch?: Composed) =>
      attemptDelivery(
        {
          deliveryId: 'dlv_01M80QNV1KDDNSNS26TJ7V4HD4',
          event,
          settings: endpointSettingsSchema.parse({ url: 'https://a.example/hook', ...settings }),
          secrets: ['whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB'],
          attempt: 3,
          ...(batch && { batch }),
        },
        deps,
      ),
  }
}

/** The one request that was sent, with its body as text. */
export async function sentBy(settings: object, event = eventOf()): Promise<Sent & { text: string }> {
  const { sent, outcome } = await attempt(settings, { event })
  const [one] = sent
  if (!one) throw new Error(`nothing was sent: ${JSON.stringify(outcome)}`)
  return { ...one, text: text(one.body ?? new Uint8Array(0)) }
}
