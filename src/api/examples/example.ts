import type { Operation } from '../operation.ts'

/** What a caller might send, and be answered. */
export interface Example {
  body?: unknown
  answer?: unknown
}

/** By method and path. */
export type Examples = Record<`${Operation['method']} /${string}`, Example>

/** The same things throughout, so that one example leads to the next. */
export const SOURCE = 'src_01K6Z3V9QF4M8T2N7R5C0XWJHD'
export const ENDPOINT = 'ep_01K6Z3W2B7HD9ZKQ4S8MTN1VRE'
export const SUBSCRIPTION = 'sub_01K6Z3W2B7QX5J3F6Y9CAG0TKP'
export const EVENT = 'evt_01K6Z8F3T5N2W7KD4QH9RXB6MC'
export const DELIVERY = 'dlv_01K6Z8F3T5VJ8Y1P3SGC7EZN4A'
export const TOKEN = 'tok_01K6Z3TE5R8CXM2W4V9HJ7QBND'
export const REPLAY = 'rpl_01K6ZC4M9XT7E2JWQ5NH8RVDKS'
export const ERASURE = 'era_01K6ZD7N2VX4J8TQ5WMC9HRBKE'
export const CREATED = { createdAt: '2026-10-07T09:12:31.000Z', updatedAt: '2026-10-07T09:12:31.000Z' }

export function pageOf(item: unknown, next: string | null = null): { data: unknown[]; next: string | null } {
  return { data: [item], next }
}
