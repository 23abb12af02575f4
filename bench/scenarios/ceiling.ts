import type { Scenario } from '../scenario.ts'
import { inTurns, rowOf } from '../stats.ts'

const CONNECTIONS = 64

/** What the measuring itself can do: figures near these would be the instruments' and not the servers'. */
export const ceiling: Scenario = {
  name: 'ceiling',
  about: 'the generator and the receiver without a server between them',
  async run(world, { seconds, rounds }) {
    const targets = [
      { name: 'generator straight to the receiver (node:http)', url: world.receiverUrl },
      { name: 'generator to bare workerd: hello world', url: `${world.bareUrl}/hello` },
    ]
    const load = async ({ url }: { url: string }, forSeconds: number) => {
      await world.quiet()
      const task = { url, secret: world.secret, connections: CONNECTIONS, seconds: forSeconds }
      const { acknowledged: count, elapsedMs, latenciesMs, errors } = await world.load.call(task)
      return { count, elapsedMs, latenciesMs, errors }
    }
    for (const target of targets) await load(target, 1)
    const samples = await inTurns(rounds, targets, (target) => load(target, seconds))
    const rows = targets.map(({ name }, at) => rowOf(name, samples[at] ?? []))
    return [{ title: `ceiling, ${CONNECTIONS} connections: the instruments alone`, rows }]
  },
}
