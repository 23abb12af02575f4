import { readSettings } from './settings.ts'
import { startServer } from './server.ts'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

try {
  const server = await startServer(readSettings(process.env))
  // Miniflare's own handlers exit at once, before anything is released.
  for (const signal of SIGNALS) process.removeAllListeners(signal).on(signal, stop)
  // The launcher was killed: its channel closes and nobody is left to pass a signal on.
  process.on('disconnect', stop)
  if (server.firstStart) console.log(`hookway root token ${server.rootToken}`)
  console.log(`hookway ready ${server.url}`)

  function stop(): void {
    void server.stop().then(() => process.exit(0))
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
