import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { V4WorkerOptions } from 'miniflare'
import type { SourcelessWorkerOptions } from 'wrangler'
import { CONFIG_FILE, loadWrangler, readWorkerConfig, ROOT, WRANGLER, WRANGLER_ENV } from './config.ts'

export interface Database {
  binding: string
  /** In their order. */
  migrations: Migration[]
}

export interface Migration {
  /** Of its file. */
  name: string
  statements: string[]
}

/** The Worker exactly as `wrangler deploy` would upload it, with its bindings read from `wrangler.toml`. */
export interface Build {
  worker: V4WorkerOptions
  databases: Database[]
}

interface Manifest {
  options: SourcelessWorkerOptions
  databases: Database[]
}

const CACHE = join(ROOT, '.cache', 'worker')
const MANIFEST = 'manifest.json'
/** What the build is made of, besides `wrangler.toml` and the lock. */
const SOURCES = ['src', 'migrations']
/** Clients and the local server are no part of the bundle. */
const OUTSIDE = new Set(['local', 'cli', 'dashboard'])
const MODULE_TYPES = {
  js: 'ESModule',
  mjs: 'ESModule',
  sql: 'Text',
  txt: 'Text',
  html: 'Text',
  wasm: 'CompiledWasm',
  bin: 'Data',
} as const

/** Builds only when a source changed: loading wrangler alone takes longer than a whole warm start. */
export async function build(): Promise<Build> {
  const dir = join(CACHE, fingerprint())
  if (!existsSync(join(dir, MANIFEST))) await rebuild(dir)
  const { options, databases } = JSON.parse(readFileSync(join(dir, MANIFEST), 'utf8')) as Manifest
  return { worker: { ...options, modulesRoot: dir, modules: modulesIn(dir) }, databases }
}

function fingerprint(): string {
  const hash = createHash('sha256')
  const sources = SOURCES.flatMap((dir) =>
    readdirSync(join(ROOT, dir), { recursive: true, withFileTypes: true }),
  )
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .filter((file) => !OUTSIDE.has(file.split('/')[1] ?? ''))
  for (const file of ['wrangler.toml', 'package-lock.json', ...sources.sort()]) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(ROOT, file)))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

/** Made aside and renamed, so that neither a failed build nor a second server leaves half a bundle behind. */
async function rebuild(dir: string): Promise<void> {
  const aside = `${dir}.${process.pid}`
  mkdirSync(CACHE, { recursive: true })
  bundle(aside)
  writeFileSync(join(aside, MANIFEST), JSON.stringify(await readManifest(), null, 2))
  for (const old of readdirSync(CACHE)) {
    const path = join(CACHE, old)
    // Never what another server has just made and reads.
    if (!old.includes('.') && path !== dir) rmSync(path, { recursive: true, force: true })
  }
  try {
    renameSync(aside, dir)
  } catch (error) {
    if (!existsSync(join(dir, MANIFEST))) throw error
    rmSync(aside, { recursive: true }) // another server was quicker
  }
}

function bundle(outdir: string): void {
  const result = spawnSync(process.execPath, [WRANGLER, 'deploy', '--dry-run', '--outdir', outdir], {
    cwd: ROOT,
    encoding: 'utf8',
    env: WRANGLER_ENV,
  })
  if (result.status !== 0) throw new Error(`The Worker does not build:\n${result.stdout}${result.stderr}`)
}

async function readManifest(): Promise<Manifest> {
  const config = await readWorkerConfig()
  const wrangler = await loadWrangler()
  const { modulesRules: _rules, ...options } =
    wrangler.unstable_getMiniflareWorkerOptions(CONFIG_FILE).workerOptions
  const databases = config.d1_databases.map(({ binding, migrations_dir }) => ({
    binding,
    migrations: readMigrations(migrations_dir ?? 'migrations', wrangler.unstable_splitSqlQuery),
  }))
  return {
    options: {
      ...options,
      name: config.name,
      rootPath: ROOT,
      bindings: config.vars,
      // A database keeps its file when a deploy writes its id into the configuration.
      d1Databases: Object.fromEntries(databases.map(({ binding }) => [binding, binding])),
    },
    databases,
  }
}

/** Taken apart here, where wrangler is loaded anyway: it would be most of the time of a first start. */
function readMigrations(dir: string, split: (sql: string) => string[]): Migration[] {
  if (!existsSync(join(ROOT, dir))) return []
  return readdirSync(join(ROOT, dir))
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, statements: split(readFileSync(join(ROOT, dir, name), 'utf8')) }))
}

function modulesIn(dir: string): Extract<V4WorkerOptions['modules'], unknown[]> {
  const files = readdirSync(dir).filter((file) => typeOf(file) !== undefined)
  const entry = files.indexOf('worker.js')
  if (entry > 0) files.unshift(...files.splice(entry, 1)) // the first module is the main one
  return files.map((file) => ({ type: typeOf(file) ?? 'Data', path: join(dir, file) }))
}

function typeOf(file: string): (typeof MODULE_TYPES)[keyof typeof MODULE_TYPES] | undefined {
  return MODULE_TYPES[file.slice(file.lastIndexOf('.') + 1) as keyof typeof MODULE_TYPES]
}
