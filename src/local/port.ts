import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** The runtime of a killed server holds its port for as long as its watchdog needs. */
const WAIT_MS = 5_000
const RETRY_MS = 50

/** Waits until the port can be bound; 0 finds a free one. */
export async function claimPort(host: string, port: number): Promise<number> {
  for (let waited = 0; ; waited += RETRY_MS) {
    const bound = await tryBind(host, port)
    if (typeof bound === 'number') return bound
    if (bound.code !== 'EADDRINUSE') throw bound
    if (waited >= WAIT_MS) throw new Error(`Port ${port} is in use: stop what uses it, or set HOOKWAY_PORT`)
    await sleep(RETRY_MS)
  }
}

function tryBind(host: string, port: number): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}
