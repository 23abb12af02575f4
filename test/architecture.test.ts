import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILES = ['src', 'test', 'bench'].flatMap(sourceFiles)
const WORKER_FILES = FILES.filter(({ path }) => /^src\/(?!local\/)/.test(path))

/** Which folders of `src` a folder may import from, besides itself. What stands directly in `src` wires everything. */
const MAY_IMPORT: Record<string, string[]> = {
  model: [],
  db: ['model'],
  scheme: ['model'],
  providers: ['scheme', 'model'],
  destinations: ['model'],
  registrations: ['model'],
  ingest: ['model', 'providers', 'scheme', 'destinations'],
  route: ['model', 'providers', 'scheme', 'destinations'],
  deliver: ['model', 'providers', 'scheme', 'destinations'],
  replay: ['model'],
  erase: ['model'],
  log: ['model'],
  meter: ['model'],
  sweep: ['model'],
  // Little more than a door to the configuration: it is given the databases and uses their stores as they are.
  api: ['model', 'db', 'providers', 'scheme', 'destinations', 'templates', 'registrations'],
  templates: ['model'],
  client: ['model'],
  dashboard: ['model', 'client'],
  cli: ['model', 'client'],
  local: ['model'],
}

/** Entered by the platform, they fetch what they need from `src/env.ts` instead of being given it. */
const DOORS = /(-object|-entrypoint)\.ts$/
/** The SQL of the objects, over the journal they share. */
const STORES = /^src\/(deliver\/store|ingest\/segments)\.ts$/

/** Each dangerous thing has one owner. */
const OWNERS = [
  { what: 'the clock and chance', code: /\bDate\.now\(|\bMath\.random\(/, owners: /^src\/model\/clock\.ts$/ },
  {
    what: 'cryptography',
    code: /\bcrypto\.subtle\b/,
    owners: /^src\/(providers\/scheme\/.+|deliver\/sign|model\/(bytes|seal))\.ts$/,
  },
  {
    what: 'SQL',
    code: /\bSELECT\s[^]*\bFROM\b|\bINSERT\s+(OR \w+ )?INTO\b|\bUPDATE\s+\w+\s+SET\b|\bDELETE FROM\b|\bCREATE TABLE\b|from 'drizzle-orm/,
    owners: /^src\/(db\/.+|deliver\/store|ingest\/segments)\.ts$/,
  },
  {
    what: 'the platform classes',
    code: /from 'cloudflare:workers'/,
    owners: /^src\/(worker|.+-object|route\/router-entrypoint)\.ts$/,
  },
]

const PROVIDER = /^src\/providers\/(?!scheme\/|provider\.ts|registry\.ts)/
const REGISTRATION = /^src\/registrations\/(?!(registration|registry|connection|register|rest)\.ts)/
/** The first that fits counts. */
const LINES_MAX: { of: RegExp; having?: RegExp; max: number }[] = [
  { of: /^src\/worker\.ts$/, max: 60 },
  { of: /-object\.ts$/, max: 200 },
  // Not a provider but the words of many: its length is its configuration.
  { of: /^src\/providers\/generic-/, max: 120 },
  // Lists of many providers, a line or a few for each.
  { of: /^src\/providers\/unverified-/, max: 350 },
  // Bespoke: it carries a scheme that no other provider has.
  { of: PROVIDER, having: /\bverify: async\b/, max: 80 },
  { of: PROVIDER, max: 60 },
  // Two of them speak a protocol of their own, in GraphQL or in several steps.
  { of: REGISTRATION, max: 110 },
  { of: /./, max: 350 },
]

describe('imports', () => {
  it.each(WORKER_FILES.filter(({ folder }) => folder))('$path stays within its layer', (file) => {
    const allowed = new Set([file.folder, ...(MAY_IMPORT[file.folder] ?? [])])
    if (DOORS.test(file.path)) allowed.add('')
    if (STORES.test(file.path)) allowed.add('db')
    expect(importedFolders(file).filter((folder) => !allowed.has(folder))).toEqual([])
  })

  it('model needs zod and ipaddr.js and nothing else', () => {
    const packages = WORKER_FILES.filter(({ folder }) => folder === 'model').flatMap(importedPackages)
    expect(packages.filter((name) => name !== 'zod' && name !== 'ipaddr.js')).toEqual([])
  })
})

describe('owners', () => {
  it.each(OWNERS)('$what stays in one place', ({ code, owners }) => {
    const trespassers = WORKER_FILES.filter((file) => !owners.test(file.path) && code.test(file.code))
    expect(trespassers.map(({ path }) => path)).toEqual([])
  })
})

describe('shape', () => {
  it('files keep to their size', () => {
    const tooLong = FILES.filter(({ path, code, lines }) => {
      const rule = LINES_MAX.find(({ of, having }) => of.test(path) && (!having || having.test(code)))
      return lines > (rule?.max ?? 0)
    })
    expect(tooLong.map(({ path, lines }) => `${path}: ${lines} lines`)).toEqual([])
  })

  it('names say what is inside', () => {
    const vague = FILES.filter(({ path }) =>
      /(^|\/)(utils?|helpers?|common|lib|misc)(\/|\.ts$)|\/index\.ts$/.test(path),
    )
    expect(vague.map(({ path }) => path)).toEqual([])
  })

  // `npm ci` refuses such a lock, so a fresh clone would not install.
  it('the lock names every optional package of its packages', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>
    }
    const present = new Set(
      Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)),
    )
    const wanted = Object.values(packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}))
    expect(wanted.filter((name) => !present.has(name))).toEqual([])
  })
})

interface SourceFile {
  path: string
  folder: string
  lines: number
  /** Without comments. */
  code: string
}

function sourceFiles(dir: string): SourceFile[] {
  return readdirSync(join(ROOT, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|tsx|mjs)$/.test(name) && !name.endsWith('.d.ts'))
    .map((name) => {
      const path = posix.join(dir, name)
      const text = readFileSync(join(ROOT, path), 'utf8')
      const code = text.replace(/\/\*[^]*?\*\/|(^|\s)\/\/.*$/gm, '')
      return { path, folder: folderOf(path), lines: text.split('\n').length - 1, code }
    })
}

function imports({ code }: SourceFile): string[] {
  return [...code.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, specifier = '']) => specifier)
}

function importedPackages(file: SourceFile): string[] {
  return imports(file).filter((specifier) => !specifier.startsWith('.'))
}

function importedFolders(file: SourceFile): string[] {
  return imports(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => folderOf(posix.join(posix.dirname(file.path), specifier)))
}

/** The folder directly under `src`, or nothing. The schemes are a layer of their own below the providers. */
function folderOf(path: string): string {
  return /^src\/(?:providers\/(?=scheme\/))?([^/]+)\//.exec(path)?.[1] ?? ''
}
