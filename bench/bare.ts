import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { serveTasks } from './child.ts'

export interface BareTask {
  dataDir: string
  secret: string
  receiver: string
}

const WORKER = fileURLToPath(new URL('bare-worker.js', import.meta.url))

/** The bare worker on the same runtime by the same recipe as our server: a socket straight to it, state on disk. */
serveTasks(async ({ dataDir, secret, receiver }: BareTask): Promise<string> => {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        {
          name: 'bare',
          compatibilityDate: '2026-11-05',
          modules: [{ type: 'ESModule', path: WORKER, contents: readFileSync(WORKER, 'utf8') }],
          durableObjects: {
            STORE: { className: 'Store', useSQLite: true },
            GROUP: { className: 'Group', useSQLite: true },
            DRAIN: { className: 'Drain', useSQLite: true },
          },
          r2Buckets: { BUCKET: 'bench' },
          bindings: { SECRET: secret, RECEIVER: receiver },
          unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
        },
      ],
      resourcePersistencePath: dataDir,
      logRequests: false,
      cf: false,
    }),
  )
  await miniflare.ready
  return (await miniflare.unsafeGetDirectURL()).origin
})
