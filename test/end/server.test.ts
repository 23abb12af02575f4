import { readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { spawnServer, type ServerProcess } from '../../src/local/process.ts'
import { newDataDir } from '../support/relay.ts'

let dataDir = ''
let server: ServerProcess | undefined

async function start(port = 0): Promise<ServerProcess> {
  server = await spawnServer({ dataDir, port })
  return server
}

beforeEach(() => {
  dataDir = newDataDir()
})
afterEach(async () => {
  server?.kill('SIGTERM')
  await server?.exited
  rmSync(dataDir, { recursive: true, force: true })
})

it('answers when it says it is ready, also when there was nothing before', async () => {
  rmSync(dataDir, { recursive: true })
  const { url } = await start()
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

it('serves its contract as a valid OpenAPI 3.1 document, and a page to read it', async () => {
  const { url } = await start()
  const validator = new Validator()
  const contract = (await (await fetch(`${url}/openapi.json`)).json()) as Record<string, unknown>
  expect(await validator.validate(contract)).toMatchObject({ valid: true })
  expect(validator.version).toBe('3.1')
  expect(await (await fetch(`${url}/docs`)).text()).toContain('secret_required')
})

it('shows the root token on the first start and keeps it for the next', async () => {
  rmSync(dataDir, { recursive: true })
  const first = await start()
  expect(first.output()).toContain(`hookway root token ${first.rootToken}\n`)
  first.kill('SIGTERM')
  await first.exited
  const second = await start()
  expect(second.rootToken).toBe(first.rootToken)
  expect(second.output()).not.toContain('root token')
})

it('stops cleanly on SIGTERM', async () => {
  const { url, kill, exited } = await start()
  kill('SIGTERM')
  expect(await exited).toBe(0)
  expect(await accepts(url)).toBe(false)
})

// workerd outlives a killed parent by itself, with the port and the databases in its hands.
it('takes its runtime along when it is killed, and starts again on the same port', async () => {
  const first = await start()
  const port = Number(new URL(first.url).port)
  first.kill('SIGKILL')
  await first.exited
  const second = await start(port)
  expect(second.url).toBe(first.url)
  expect((await fetch(`${second.url}/healthz`)).status).toBe(200)
  second.kill('SIGKILL')
  await expect.poll(() => accepts(second.url), { timeout: 2_000 }).toBe(false)
})

/** What a script makes of an event. It starts the runtime of scripts, if none runs. */
async function runScript({ url, rootToken }: ServerProcess): Promise<unknown> {
  const steps = [{ kind: 'javascript', code: 'export default () => ({ body: 1 })' }]
  const response = await fetch(`${url}/v1/subscriptions/test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rootToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ subscription: { transform: { steps } }, event: { type: 'x', data: 0 } }),
  })
  return await response.json()
}

it('takes its runtime along also when scripts have had one of their own', async () => {
  const server = await start()
  expect(await runScript(server)).toMatchObject({ delivery: { body: 1 } })
  server.kill('SIGKILL')
  await server.exited
  await expect.poll(() => accepts(server.url), { timeout: 2_000 }).toBe(false)
})

it('does not blame a script for a runtime that stands still', async () => {
  const server = await start()
  await runScript(server)
  process.kill(Number(readFileSync(join(dataDir, 'scripts.pid'), 'utf8')), 'SIGSTOP')
  expect(await runScript(server)).toMatchObject({ delivery: { body: 1 } })
})

it('brings a crashed runtime back', async () => {
  const { url } = await start()
  process.kill(Number(readFileSync(join(dataDir, 'runtime.pid'), 'utf8')), 'SIGKILL')
  await expect
    .poll(
      () =>
        fetch(`${url}/healthz`).then(
          (r) => r.status,
          () => 0,
        ),
      { timeout: 10_000 },
    )
    .toBe(200)
})

function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
