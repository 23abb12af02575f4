import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readWorkerConfig, ROOT, WRANGLER, WRANGLER_ENV, type WorkerConfig } from './config.ts'
import { newMasterKey, newRootToken } from './settings.ts'

const GENERATE: Record<string, () => string> = {
  HOOKWAY_ROOT_TOKEN: newRootToken,
  HOOKWAY_MASTER_KEY: newMasterKey,
}

const args = process.argv.slice(2)
if (args.includes('--dry-run')) run(['deploy', ...args])
else await deploy()

/**
 * Wrangler creates the databases, the bucket and the queues that are written to, and finds them again by name. It
 * does not create a queue that is only read, secrets, or tables.
 */
async function deploy(): Promise<void> {
  const config = await readWorkerConfig()
  const present = deployedSecrets()
  for (const queue of queuesOnlyRead(config)) {
    if (attempt(['queues', 'info', queue]).status !== 0) run(['queues', 'create', queue])
  }
  // New tables come before the code that needs them; the very first time, the databases come with the code.
  if (present) migrate(config)
  const generated = upload(config, present ?? [])
  if (!present) migrate(config)
  for (const [name, value] of Object.entries(generated)) console.log(`${name}  ${value}`)
  if (Object.keys(generated).length)
    console.log('Keep these: they are shown this once and cannot be read back.')
}

/** Nothing when there is no such Worker yet. */
function deployedSecrets(): string[] | undefined {
  const { status, stdout, stderr } = attempt(['secret', 'list', '--format', 'json'])
  if (status === 0) return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)
  if (/Worker ".*" not found/.test(stderr + stdout)) return undefined
  console.error(`${stdout}${stderr}\nSign in with \`npx wrangler login\`, or set CLOUDFLARE_API_TOKEN.`)
  process.exit(1)
}

function queuesOnlyRead({ queues: { producers = [], consumers = [] } }: WorkerConfig): string[] {
  const written = new Set(producers.map(({ queue }) => queue))
  const read = consumers.flatMap(({ queue, dead_letter_queue: dead }) => (dead ? [queue, dead] : [queue]))
  return [...new Set(read)].filter((queue) => !written.has(queue))
}

function migrate({ d1_databases }: WorkerConfig): void {
  for (const { binding } of d1_databases)
    run(['d1', 'migrations', 'apply', binding, '--remote'], 'unattended')
}

/** Returns the secrets it had to make up. They travel in a file, never on a command line, where others could read them. */
function upload({ secrets }: WorkerConfig, present: string[]): Record<string, string> {
  const missing = (secrets?.required ?? []).filter((name) => !present.includes(name))
  const given = Object.fromEntries(
    missing.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  )
  const generated = Object.fromEntries(
    missing.filter((name) => !given[name]).map((name) => [name, GENERATE[name]?.() ?? '']),
  )
  if (Object.keys(generated).length && !process.stdout.isTTY) {
    console.error(`Set ${Object.keys(generated).join(' and ')}: a secret made up here would end in a log.`)
    process.exit(1)
  }
  if (!missing.length) run(['deploy', ...args])
  else withSecretsFile({ ...given, ...generated }, (file) => run(['deploy', '--secrets-file', file, ...args]))
  return generated
}

function withSecretsFile(values: Record<string, string | undefined>, use: (file: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'hookway-'))
  const remove = () => rmSync(dir, { recursive: true, force: true })
  process.once('exit', remove)
  writeFileSync(join(dir, 'secrets.json'), JSON.stringify(values), { mode: 0o600 })
  use(join(dir, 'secrets.json'))
  remove()
}

function run(command: string[], mode?: 'unattended'): void {
  const stdin = mode === 'unattended' ? 'ignore' : 'inherit'
  const { status } = spawnSync(process.execPath, [WRANGLER, ...command], {
    cwd: ROOT,
    stdio: [stdin, 'inherit', 'inherit'],
    env: WRANGLER_ENV,
  })
  if (status !== 0) process.exit(status ?? 1)
}

function attempt(command: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [WRANGLER, ...command], {
    cwd: ROOT,
    encoding: 'utf8',
    env: WRANGLER_ENV,
  })
}
