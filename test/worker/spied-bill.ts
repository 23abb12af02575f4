import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { alarmOf, fireAlarm, type RelayWorld, type Stub } from './relay-world.ts'

/** What the platform bills, of all that a test causes. */
export interface SpiedBill {
  /** Written by the SQL of the object, and its alarms, which are billed as rows. */
  intake: { rows: number; alarms: number }
  endpoint: { rows: number; alarms: number }
  /** Written in the log database. */
  d1: number
  /** Messages of the queue: each is written, read and deleted. */
  messages: number
  /** Calls that reach an object: RPC and alarms fired. */
  calls: { intake: number; endpoint: number }
}

/** Seen by spies on what the objects and the Worker use. */
export async function spyOnBill(
  world: RelayWorld,
  endpoint: { object: Stub },
): Promise<() => Promise<SpiedBill>> {
  const intake = await meterObject(world.intake)
  const object = await meterObject(endpoint.object)
  const batch = vi.spyOn(env.LOG_DB, 'batch').mockClear()
  const send = vi.spyOn(env.LOG, 'send').mockClear()
  const toIntake = vi.spyOn(env.INTAKE, 'getByName').mockClear()
  const toEndpoint = vi.spyOn(env.ENDPOINT, 'getByName').mockClear()
  return async () => {
    const written = await Promise.all(batch.mock.results.map(({ value }) => value as Promise<D1Result[]>))
    return {
      intake: intake(),
      endpoint: object(),
      d1: written.flat().reduce((sum, { meta }) => sum + meta.rows_written, 0),
      messages: send.mock.calls.length,
      calls: { intake: toIntake.mock.calls.length, endpoint: toEndpoint.mock.calls.length },
    }
  }
}

/** Fires every alarm until both objects sleep; the number of those of each. */
export async function untilAsleep(
  world: RelayWorld,
  endpoint: { object: Stub },
): Promise<{ intake: number; endpoint: number }> {
  const fired = { intake: 0, endpoint: 0 }
  await vi.waitFor(async () => {
    if (await fireAlarm(world, world.intake)) fired.intake++
    if (await fireAlarm(world, endpoint.object)) fired.endpoint++
    expect([await alarmOf(world.intake), await alarmOf(endpoint.object)]).toEqual([null, null])
  }, 10_000)
  return fired
}

/** Counts from now on, through the storage that the object itself uses. */
async function meterObject(stub: Stub): Promise<() => { rows: number; alarms: number }> {
  return await runInDurableObject(stub, (_, state) => {
    const exec = vi.spyOn(state.storage.sql, 'exec').mockClear()
    const setAlarm = vi.spyOn(state.storage, 'setAlarm').mockClear()
    return () => ({
      rows: exec.mock.results.reduce(
        (sum, { value }) => sum + (value as { rowsWritten: number }).rowsWritten,
        0,
      ),
      alarms: setAlarm.mock.calls.length,
    })
  })
}
