import { newId } from '../../src/model/id.ts'
import { Connection, type Answer } from '../connection.ts'
import { now, signedRequest } from '../event.ts'
import type { Scenario } from '../scenario.ts'
import { rowOf, type Row } from '../stats.ts'
import type { World } from '../world.ts'

const KNOWN = 1_000
const UNKNOWN = 10_000
const CONNECTIONS = 32
const CREATED_AT_ONCE = 16

/** A thousand unknown ids are read at once and a hundred more a second, whoever asks. */
const READS_AT_ONCE = 1_000
const READS_PER_SECOND = 100

/**
 * What sources cost the database: each of many known ones is sent to once (cold), again (warm), then a flood of ids that
 * nobody has, then the known ones twice more. The server itself counts how often it reads a source.
 */
export const ids: Scenario = {
  name: 'ids',
  about: 'reads of the database for 1,000 sources and 10,000 ids without one',
  async run(world) {
    const known = await createSources(world)
    const unknown = Array.from({ length: UNKNOWN }, () =>
      world.ingestUrl({ url: `/in/${newId('src', Date.now())}` }),
    )
    const rows: Row[] = []
    for (const [name, urls, wanted] of [
      ['known, cold', known, [200]],
      ['known, warm', known, [200]],
      ['unknown', unknown, [404, 503]],
      // Read again if the flood has taken longer than a source is believed; it has pushed none out, and holds none up.
      ['known, after the flood', known, [200]],
      ['known, warm again', known, [200]],
    ] as const) {
      const before = await readsOf(world)
      const sample = await sendToEach(urls, world.secret, wanted)
      const reads = (await readsOf(world)) - before
      rows.push(rowOf(name, [sample], { reads, seconds: sample.elapsedMs / 1000 }))
    }
    const of = (at: number) => rows[at]?.more ?? {}
    const bound = READS_AT_ONCE + READS_PER_SECOND * (of(2)['seconds'] ?? 0)
    return [
      {
        title: `ids, ${KNOWN} sources and ${UNKNOWN} ids without one`,
        rows,
        goals: [
          { name: 'reads of warm sources', value: of(1)['reads'] ?? Number.NaN, atMost: 0 },
          {
            name: 'reads of unknown ids, to what is allowed',
            value: (of(2)['reads'] ?? Number.NaN) / bound,
            atMost: 1.05,
          },
        ],
      },
    ]
  },
}

async function createSources({ api, secret, ingestUrl }: World): Promise<string[]> {
  const urls: string[] = []
  await Promise.all(
    Array.from({ length: CREATED_AT_ONCE }, async () => {
      while (urls.length < KNOWN) {
        const at = urls.push('') - 1
        const source = { name: `bench ${at}`, provider: 'github', secrets: [secret] }
        urls[at] = ingestUrl(await api.post<{ url: string }>('/v1/sources', source))
      }
    }),
  )
  return urls
}

async function readsOf({ api }: World): Promise<number> {
  const [, reads] = /^hookway_source_reads_total (\d+)$/m.exec(await api.text('/metrics')) ?? []
  return Number(reads)
}

async function sendToEach(urls: readonly string[], secret: string, wanted: readonly Answer[]) {
  const left = urls.map((url) => signedRequest({ url: new URL(url), secret }).bytes)
  const latenciesMs: number[] = []
  let errors = 0
  const begin = now()
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const connection = new Connection(new URL(urls[0] ?? ''))
      for (let request = left.pop(); request !== undefined; request = left.pop()) {
        const sentAt = now()
        if (!wanted.includes(await connection.send(request))) errors++
        latenciesMs.push(now() - sentAt)
      }
      connection.close()
    }),
  )
  return { count: urls.length - errors, elapsedMs: now() - begin, latenciesMs, errors }
}
