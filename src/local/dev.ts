import { spawn, spawnSync, type StdioOptions } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readWorkerConfig, ROOT, WRANGLER, WRANGLER_ENV } from './config.ts'
import { newMasterKey, newRootToken, readSettings } from './settings.ts'

/** `wrangler dev`, for hot reload. It serves a fifteenth of what `npm start` does, and never fires a cron by itself. */
const secretsFile = join(ROOT, '.dev.vars')
if (!existsSync(secretsFile)) {
  const lines = [`HOOKWAY_ROOT_TOKEN=${newRootToken()}`, `HOOKWAY_MASTER_KEY=${newMasterKey()}`, '']
  writeFileSync(secretsFile, lines.join('\n'), { mode: 0o600 })
}

for (const { binding } of (await readWorkerConfig()).d1_databases) {
  const { status } = wrangler(['d1', 'migrations', 'apply', binding, '--local'])
  if (status !== 0) process.exit(1)
}

const { allowTargets, port, host } = readSettings(process.env)
const options = ['--ip', host, '--port', String(port), '--var', `HOOKWAY_ALLOW_TARGETS:${allowTargets}`]
console.log('the root token is in .dev.vars')
spawn(process.execPath, [WRANGLER, 'dev', ...options, ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: 'inherit',
  env: WRANGLER_ENV,
}).on('exit', (code) => process.exit(code ?? 1))
// Ctrl-C reaches wrangler too, which closes in its own time.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})

function wrangler(args: string[]): { status: number | null } {
  const stdio: StdioOptions = ['ignore', 'inherit', 'inherit']
  return spawnSync(process.execPath, [WRANGLER, ...args], { cwd: ROOT, stdio, env: WRANGLER_ENV })
}
