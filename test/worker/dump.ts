import { listDurableObjectIds, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'

/** All that is stored, as text: of the databases, of every object that was ever used, and in the bucket. */
export async function dumpEverything(): Promise<{ d1: string; objects: string; bucket: string }> {
  const objects = await Promise.all([objectsOf(env.INTAKE), objectsOf(env.ENDPOINT)])
  const d1 = await Promise.all([databaseOf(env.DB), databaseOf(env.LOG_DB)])
  return { d1: d1.join('\n'), objects: objects.flat().join('\n'), bucket: await bucketOf(env.BODIES) }
}

const TABLES = `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'`

async function databaseOf(db: D1Database): Promise<string> {
  const { results } = await db.prepare(TABLES).all<{ name: string }>()
  const rows: unknown[] = []
  for (const { name } of results) rows.push((await db.prepare(`SELECT * FROM ${name}`).all()).results)
  return JSON.stringify(rows)
}

async function objectsOf(namespace: typeof env.INTAKE | typeof env.ENDPOINT): Promise<string[]> {
  const ids = await listDurableObjectIds(namespace as DurableObjectNamespace)
  return await Promise.all(
    ids.map((id) =>
      runInDurableObject((namespace as DurableObjectNamespace).get(id), (_, { storage: { sql } }) => {
        const names = [...sql.exec<{ name: string }>(TABLES)].map(({ name }) => name)
        return names.map((name) => [...sql.exec(`SELECT * FROM ${name}`)].map(rowText).join('\n')).join('\n')
      }),
    ),
  )
}

function rowText(row: Record<string, unknown>): string {
  return Object.values(row)
    .map((value) => (value instanceof ArrayBuffer ? new TextDecoder().decode(value) : String(value)))
    .join(' ')
}

async function bucketOf(bucket: R2Bucket): Promise<string> {
  const { objects } = await bucket.list()
  const bodies = await Promise.all(objects.map(async ({ key }) => (await bucket.get(key))?.text()))
  return bodies.join('\n')
}
