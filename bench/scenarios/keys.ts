import { Connection } from '../connection.ts'
import { drained, type Drained } from '../drain.ts'
import { signedRequest } from '../event.ts'
import { keyOf } from '../receiver.ts'
import type { Scenario } from '../scenario.ts'
import { inTurns, ratioOf, rowOf, sum } from '../stats.ts'
import type { World } from '../world.ts'

const KEYS = 1_000
const CONNECTIONS = 32
/** Far more tries than a receiver that refuses one in twenty ever needs. */
const RETRY = { scheduleSeconds: [0, 1, 1, 1, 1, 1, 1, 1, 1, 1] }

interface Target {
  name: string
  path: string
  endpointId: string
}

/**
 * What keeping the order of a thousand keys costs while one attempt in twenty fails: the same backlog drained with and
 * without it, by the same receiver.
 */
export const keys: Scenario = {
  name: 'keys',
  about: 'a backlog in the order of 1,000 keys while 5 % of the attempts fail',
  async run(world, { keyDeliveries, rounds }) {
    const source = await world.api.post<{ id: string; url: string }>('/v1/sources', {
      name: 'bench keys',
      provider: 'github',
      secrets: [world.secret],
      ordering: true,
    })
    const open = async (name: string, ordering: string): Promise<Target> => {
      const path = `/flaky/${ordering}`
      const { id } = await world.api.post<{ id: string }>('/v1/endpoints', {
        name: `bench keys ${ordering}`,
        url: world.receiverUrl + path.slice(1),
        sourceIds: [source.id],
        state: 'paused',
        retry: RETRY,
        ordering,
        ...(ordering === 'key' && { orderingKey: '/key' }),
      })
      return { name, path, endpointId: id }
    }
    const targets = [await open('no order', 'none'), await open(`in the order of ${KEYS} keys`, 'key')]
    const filler = new Filler(world, world.ingestUrl(source))
    const each = Math.ceil(keyDeliveries / rounds)
    let ids: string[] = []
    let turns = 0
    const samples = await inTurns(rounds, targets, async (target) => {
      if (turns++ % targets.length === 0) ids = await filler.fill(each)
      return drain(world, target, ids)
    })
    const [free = [], ordered = []] = samples
    const overtakings = sum(ordered.map((sample) => sample.overtakings))
    return [
      {
        title: `keys, ${rounds} backlogs of ${each}, 6 at once (times count from the release)`,
        rows: targets.map(({ name }, at) =>
          rowOf(name, samples[at] ?? [], {
            overtakings: sum((samples[at] ?? []).map((sample) => sample.overtakings)),
            'to no order': ratioOf(samples[at] ?? [], free),
          }),
        ),
        goals: [
          { name: 'order violations', value: overtakings, atMost: 0 },
          { name: 'to no order', value: ratioOf(ordered, free), atLeast: 0.7 },
          { name: 'lost', value: sum(samples.flat().map(({ errors }) => errors)), atMost: 0 },
        ],
      },
    ]
  },
}

/** Every key has its connection, on which one event follows the answer to the one before it. */
class Filler {
  readonly #world: World
  readonly #url: URL
  /** The number of the last event of each key. */
  readonly #numbers = new Map<number, number>()

  constructor(world: World, target: string) {
    this.#world = world
    this.#url = new URL(target)
  }

  async fill(count: number): Promise<string[]> {
    const ids: string[] = []
    const send = async (lane: number) => {
      const connection = new Connection(this.#url)
      for (let at = lane, turn = 0; at < count; at += CONNECTIONS, turn++) {
        const request = this.#request(lane, turn)
        const answer = await connection.send(request.bytes)
        if (answer !== 200) throw new Error(`filling was answered ${answer}`)
        ids.push(request.id)
      }
      connection.close()
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, lane) => send(lane)))
    await this.#world.quiet()
    return ids
  }

  /** The lane's keys in turn: every one of them stays on its connection. */
  #request(lane: number, turn: number) {
    const own = Math.ceil((KEYS - lane) / CONNECTIONS)
    const key = lane + CONNECTIONS * (turn % own)
    const number = (this.#numbers.get(key) ?? 0) + 1
    this.#numbers.set(key, number)
    const fields = `"key":"k${key}","number":${number},`
    return signedRequest({ url: this.#url, secret: this.#world.secret, fields })
  }
}

async function drain(world: World, { path, endpointId }: Target, ids: string[]): Promise<Drained> {
  const setState = (state: string) => world.api.patch(`/v1/endpoints/${endpointId}`, { state })
  const keys = ids.map((id) => keyOf(path, id))
  const result = await drained(world, keys, () => setState('active'))
  await setState('paused')
  await world.quiet()
  return result
}
