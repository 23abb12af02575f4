import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../src/local/config.ts'

const GIB = 1024 ** 3
const requireHere = createRequire(import.meta.url)

/** Without which a figure means nothing. */
export interface Circumstances {
  date: string
  commit: string
  versions: { node: string; workerd: string; miniflare: string; wrangler: string }
  machine: { processors: number; model: string; memoryGiB: number; system: string }
}

export function circumstances(): Circumstances {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    versions: {
      node: process.versions.node,
      workerd: versionOf('workerd'),
      miniflare: versionOf('miniflare'),
      wrangler: versionOf('wrangler'),
    },
    machine: {
      processors: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      memoryGiB: Math.round((totalmem() / GIB) * 10) / 10,
      system: `${type()} ${release()}`,
    },
  }
}

export function wordsOf({ date, commit: of, versions, machine }: Circumstances): string {
  const { node, workerd, wrangler } = versions
  return [
    `${date.slice(0, 16).replace('T', ' ')} UTC`,
    `commit ${of}`,
    `node ${node}`,
    `workerd ${workerd}`,
    `wrangler ${wrangler}`,
    `${machine.processors} × ${machine.model}`,
    `${machine.memoryGiB} GiB`,
    machine.system,
  ].join(' · ')
}

/** With a plus when the files differ from it. */
function commit(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? ''
  return `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${git('status', '--porcelain', '--untracked-files=no') ? '+' : ''}`
}

function versionOf(name: string): string {
  try {
    const file = name === 'workerd' ? fromMiniflare('workerd/package.json') : packageFile(name)
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
  } catch {
    return 'unknown'
  }
}

/** The one that Miniflare starts, wherever npm has put it. */
function fromMiniflare(path: string): string {
  return createRequire(requireHere.resolve('miniflare')).resolve(path)
}

function packageFile(name: string): string {
  return join(ROOT, 'node_modules', name, 'package.json')
}
