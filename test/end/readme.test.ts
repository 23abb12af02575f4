import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { Relay } from '../support/relay.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const relay = new Relay()
const dir = mkdtempSync(join(tmpdir(), 'hookway-readme-'))

afterAll(async () => {
  await relay.stop()
  rmSync(dir, { recursive: true, force: true })
})

it('brings a webhook to its receiver with the very commands of the README', async () => {
  await relay.start()
  const port = await freePort()
  const script = adapted(section('A first webhook in a minute'), [
    ['HOOKWAY=http://127.0.0.1:8787', `HOOKWAY=${relay.url}`],
    ['$(cat .hookway/root-token)', relay.token],
    ['.listen(9000)', `.listen(${port})`],
    ['127.0.0.1:9000', `127.0.0.1:${port}`],
    // The delivery is asked for until it is there, below.
    ['sleep 2\n', ''],
  ])
  const bash = spawn('bash', ['-eu', '-c', script], { cwd: dir, detached: true })
  try {
    let output = ''
    for (const stream of [bash.stdout, bash.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text))
    await eventually(
      () => output.includes('{"ref":"refs/heads/main","repository":{"id":1}}\n') || undefined,
      {
        withinMs: 20_000,
        what: () => `the receiver of the README printed no webhook:\n${output}`,
      },
    )
    await eventually(
      async () => {
        const { data } = await relay.call<{ data: { status: string }[] }>('GET', '/deliveries?limit=1')
        return data[0]?.status === 'delivered' || undefined
      },
      { withinMs: 10_000, what: () => 'the delivery is not in the log' },
    )
  } finally {
    // With the receiver that it left in the background.
    if (bash.pid !== undefined) process.kill(-bash.pid, 'SIGKILL')
  }
})

it('names only commands and documents that exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const commands = [...readme.matchAll(/npm (start|test|run [a-z:]+)/g)].map(([, name = '']) =>
    name.replace('run ', ''),
  )
  expect(commands).toEqual(expect.arrayContaining(['start', 'test', 'demo', 'deploy']))
  expect(commands.filter((name) => scripts[name] === undefined)).toEqual([])
  const documents = [...readme.matchAll(/docs\/[\w/.-]+\.md/g)].map(([path]) => path)
  expect(documents.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

/** The commands under a heading. */
function section(heading: string): string {
  const [, rest = ''] = readme.split(`## ${heading}\n`)
  return /```sh\n([^]*?)```/.exec(rest)?.[1] ?? ''
}

/** Every replacement must find its text, or the README has changed without this test. */
function adapted(script: string, replacements: [from: string, to: string][]): string {
  return replacements.reduce((changed, [from, to]) => {
    expect(changed).toContain(from)
    return changed.replaceAll(from, to)
  }, script)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
