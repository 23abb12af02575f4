import { randomUUID } from 'node:crypto'
import { FANOUT } from '../../src/route/route.ts'
import { rowsOnDisk, type RowsOnDisk } from '../disk.ts'
import { drained } from '../drain.ts'
import { now } from '../event.ts'
import { keyOf } from '../receiver.ts'
import type { Scenario } from '../scenario.ts'
import { rowOf, type Sample } from '../stats.ts'
import type { World } from '../world.ts'
import { matching } from './matching.ts'

/** As many as one call takes. */
const CREATED_AT_ONCE = 100
/** Marks of idle endpoints and batches of the log come as late as this. */
const SETTLE_MS = 6_000
/** A message costs a write, a read and a delete. */
const OPERATIONS_PER_MESSAGE = 3

/** One event for so many endpoints, each with an object of its own, until the last receiver has it. */
export const fanout: Scenario = {
  name: 'fanout',
  about: 'one event to 10,000 endpoints; 10 matching of 10,000 subscriptions',
  async run(world, { endpoints, rounds }) {
    const begin = now()
    await makeEndpoints(world, endpoints)
    const createdMs = now() - begin
    // The first event finds objects that have never run; the others are what an endpoint's life is.
    const first = await toAll(world, endpoints)
    const later: Written[] = []
    for (let round = 0; round < rounds; round++) later.push(await toAll(world, endpoints))
    const messages = Math.ceil(endpoints / FANOUT.pageEndpoints)
    const columns = (each: Written[]) => ({
      'all after s': Math.max(...each.map(({ elapsedMs }) => elapsedMs)) / 1000,
      'object rows': Math.max(...each.map(({ written }) => written.objectRows)),
      'log rows': Math.max(...each.map(({ written }) => written.logRows)),
      'queue ops': messages * OPERATIONS_PER_MESSAGE,
    })
    return [
      await matching(rounds),
      {
        title: `fanout, one event to ${endpoints} endpoints (times count from its publication)`,
        rows: [
          rowOf('the first event of all their lives', [first], columns([first])),
          rowOf('later ones', later, columns(later)),
        ],
        facts: {
          'endpoints created, a second': (endpoints * 1000) / createdMs,
          'endpoint objects': rowsOnDisk(world).endpointObjects,
          'fan-out messages': messages,
          rows: 'those on disk after an event less those before it, in all endpoint objects and in the log',
        },
        goals: [
          {
            name: 'lost or repeated',
            value: [first, ...later].reduce((n, { errors }) => n + errors, 0),
            atMost: 0,
          },
        ],
      },
    ]
  },
}

interface Written extends Sample {
  written: RowsOnDisk
}

async function toAll(world: World, endpoints: number): Promise<Written> {
  await settled(world)
  const before = rowsOnDisk(world)
  const id = randomUUID()
  const keys = Array.from({ length: endpoints }, (_, at) => keyOf(pathOf(at), id))
  const publish = () => world.api.post('/v1/events', { type: 'bench.fanout', data: { id } })
  const sample = await drained(world, keys, publish)
  await settled(world)
  const after = rowsOnDisk(world)
  return {
    ...sample,
    written: {
      endpointObjects: after.endpointObjects,
      objectRows: after.objectRows - before.objectRows,
      logRows: after.logRows - before.logRows,
    },
  }
}

/** Until nothing changes on the disk: marks and the log come seconds after the deliveries. */
async function settled(world: World): Promise<void> {
  for (let before = ''; ;) {
    await world.quiet()
    const rows = JSON.stringify(rowsOnDisk(world))
    if (rows === before) return
    before = rows
    await new Promise((next) => setTimeout(next, SETTLE_MS))
  }
}

async function makeEndpoints({ api, receiverUrl }: World, count: number): Promise<void> {
  for (let from = 0; from < count; from += CREATED_AT_ONCE) {
    const items = Array.from({ length: Math.min(CREATED_AT_ONCE, count - from) }, (_, n) => {
      const url = receiverUrl + pathOf(from + n).slice(1)
      return { name: `fanout ${from + n}`, url, eventTypes: ['bench.fanout'] }
    })
    await api.post('/v1/endpoints/batch', items)
  }
}

function pathOf(at: number): string {
  return `/fanout/${at}`
}
