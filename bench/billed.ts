import { isOperation, type BillItem, type Part } from '../src/model/bill.ts'
import { now } from './event.ts'
import type { World } from './world.ts'

/** What the server's meter shows, and the processor time that no code in the runtime can see. */
export interface Reading {
  at: number
  bill: BillItem[]
}

const LINE = /^hookway_billed_(\w+)_total\{part="(\w+)"\} (\S+)$/gm

export async function readMeter(world: World): Promise<Reading> {
  const text = await world.api.text('/metrics')
  const bill = [...text.matchAll(LINE)].flatMap(([, name = '', part, count]): BillItem[] => {
    const operation = name.replace(/_[a-z0-9]/g, (letter) => letter.slice(1).toUpperCase())
    return isOperation(operation) ? [{ part: part as Part, operation, count: Number(count) }] : []
  })
  return {
    at: now(),
    bill: [...bill, { part: 'worker', operation: 'cpuMs', count: world.cpuMs.ours() }],
  }
}
