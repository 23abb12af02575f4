// What every npm script starts with. It must run on Node 20 with nothing installed: built-ins only, no TypeScript.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MODULES = join(ROOT, 'node_modules')
const NODE = join(MODULES, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const PARENT_CHECK_MS = 250

if (!isInstalled()) install()
if (!existsSync(NODE)) fetchNode()
run(existsSync(NODE) ? NODE : ownNode())

/** Compares what the lock asks for with what npm says it put in place, so that nothing is reinstalled without need. */
function isInstalled() {
  if (isLink(MODULES)) return true // an install shared with another checkout: not ours to rebuild
  const wanted = packages(join(ROOT, 'package-lock.json'))
  const present = packages(join(MODULES, '.package-lock.json'))
  if (!wanted) return existsSync(MODULES)
  if (!present) return false
  return Object.entries(wanted).every(([path, entry]) => path === '' || isPresent(entry, present[path]))
}

/** Builds for other platforms stay in the lock and are not installed. */
function isPresent(entry, installed) {
  return installed ? installed.version === entry.version : Boolean(entry.optional || entry.devOptional)
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

function packages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined
}

function install() {
  console.log('installing packages (only when they changed) …')
  const begin = Date.now()
  // NODE_ENV=production would leave out the runtime itself, which is a development dependency.
  const flags = [
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--no-progress',
    '--loglevel=error',
  ]
  const result = npm(['ci', ...flags])
  if (result.status !== 0) {
    process.stderr.write(result.stdout + result.stderr)
    fail('npm ci failed; its output is above')
  }
  console.log(`installed in ${Math.round((Date.now() - begin) / 1000)} s`)
}

/** npm 11 runs install scripts only when told so, and many a user forbids them: then nothing has put Node in place. */
function fetchNode() {
  const script = join(MODULES, 'node', 'installArchSpecificPackage.js')
  if (!existsSync(script)) return
  const result = spawnSync(process.execPath, [script], { cwd: join(MODULES, 'node'), encoding: 'utf8' })
  if (result.status !== 0) process.stderr.write(String(result.stderr))
}

function ownNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  // From 22.18 on Node runs TypeScript without a flag.
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath
  fail(
    `Node 24 could not be installed here and ${process.version} cannot run TypeScript: install Node 24 and try again`,
  )
}

/** Inside an npm script the same npm is used, whatever PATH says. */
function npm(args) {
  const cli = process.env.npm_execpath
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }
  return cli?.endsWith('.js')
    ? spawnSync(process.execPath, [cli, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

function run(node) {
  const path = [dirname(node), join(MODULES, '.bin'), process.env.PATH ?? '']
  const env = { ...process.env, PATH: path.join(delimiter) }
  // The channel carries no messages: it tells the script, by closing, that this process was killed.
  const child = spawn(node, process.argv.slice(2), { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  followParent(child)
  child.on('error', (error) => {
    if (node === NODE) run(ownNode()) // a binary of another C library is there but does not start
    else fail(error.message)
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** A killed npm passes nothing on; without this its server would stay behind and hold the port. */
function followParent(child) {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), PARENT_CHECK_MS).unref()
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
