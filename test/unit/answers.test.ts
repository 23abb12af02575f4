import { describe, expect, it } from 'vitest'
import { Answers } from '../../src/deliver/answers.ts'
import type { DeliveryId } from '../../src/model/id.ts'
import { replyOf, type Reply } from '../../src/model/reply.ts'
import { settled } from '../support/settled.ts'

/** Answers with a clock in the test's hands; `timers` are those that nobody has taken back. */
function world() {
  const timers = new Set<() => void>()
  const clock = { at: 0, now: () => clock.at, random: () => 0 }
  const after = (_: number, callback: () => void) => {
    timers.add(callback)
    return () => void timers.delete(callback)
  }
  return { clock, timers, answers: new Answers({ clock, after }) }
}

const id = (n: number): DeliveryId => `dlv_${n}`
const said = (text: string): Reply => ({
  kind: 'answered',
  status: 200,
  headers: [],
  body: new TextEncoder().encode(text),
})
const asking = (n: number, isRepeat = false) => ({ deliveryId: id(n), timeoutMs: 100, isRepeat })

describe('who waits for an answer', () => {
  it('gets it with everybody who waits for the same, and leaves no timer', async () => {
    const { answers, timers } = world()
    const both = [answers.wait(asking(1), undefined), answers.wait(asking(1, true), undefined)]
    answers.conclude(id(1), said('a'))
    expect(await Promise.all(both)).toEqual([said('a'), said('a')])
    expect(timers.size).toBe(0)
  })

  it('gets it also when it came before the question, for a minute', async () => {
    const { answers, clock } = world()
    answers.conclude(id(1), said('a'))
    clock.at = 59_999
    expect(await answers.wait(asking(1, true), undefined)).toEqual(said('a'))
    clock.at = 60_000
    expect(await answers.wait(asking(1, true), undefined)).toEqual({ kind: 'repeat' })
  })

  it('hears why none comes', async () => {
    const { answers, timers } = world()
    expect(await answers.wait(asking(1), 'held')).toEqual({ kind: 'held' })
    const late = answers.wait(asking(2), undefined)
    for (const timer of timers) timer()
    expect(await late).toEqual({ kind: 'timeout' })
    const paused = answers.wait(asking(3), undefined)
    answers.giveUp('held')
    expect(await paused).toEqual({ kind: 'held' })
  })

  it('is one of a bounded number', async () => {
    const { answers, timers } = world()
    const all = Array.from({ length: 257 }, (_, n) => answers.wait(asking(n), undefined))
    expect(await all[256]).toEqual({ kind: 'busy' })
    expect(timers.size).toBe(256)
    for (let n = 0; n < 256; n++) answers.conclude(id(n), said('a'))
    await settled()
    expect(timers.size).toBe(0)
    expect(await answers.wait(asking(0), undefined)).toEqual(said('a'))
  })

  it('finds no more kept than fits', async () => {
    const { answers } = world()
    const large: Reply = {
      kind: 'answered',
      status: 200,
      headers: [],
      body: new Uint8Array(256 * 1024),
    }
    for (let n = 0; n < 17; n++) answers.conclude(id(n), large)
    expect(await answers.wait(asking(0, true), undefined)).toEqual({ kind: 'repeat' })
    expect(await answers.wait(asking(1, true), undefined)).toEqual(large)
  })
})

describe('an answer that is handed on', () => {
  const whole = new Uint8Array([1])

  it.each([
    ['a status that no answer may have', { statusCode: 101, headers: [], whole }, 'unanswered'],
    ['a body that broke off', { statusCode: 200, headers: [], whole: 'broken' as const }, 'unanswered'],
    ['a body without end', { statusCode: 200, headers: [], whole: 'too_large' as const }, 'too_large'],
    ['nothing', undefined, 'unanswered'],
  ])('is not %s', (_, answer, kind) => {
    expect(replyOf(answer)).toEqual({ kind })
  })
})
