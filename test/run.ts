import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const REPORT = join(mkdtempSync(join(tmpdir(), 'hookway-test-')), 'report.json')
/** A cold start loads the whole bundle; the platform would take 3 MB. */
const BUNDLE_GZIP_BYTES_MAX = 512 * 1024

interface Step {
  name: string
  command: string[]
  /** Shows the output as it comes instead of only after a failure. */
  live?: boolean
  /** Says why a command that succeeded did not do. */
  fault?: () => string | undefined
}

/** The quick ones first; the first that fails ends the run. */
const STEPS: Step[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', command: ['tsc', '-b'] },
  {
    name: 'bindings',
    command: ['wrangler', 'types', 'src/worker-configuration.d.ts', '--include-runtime=false', '--check'],
  },
  { name: 'build', command: ['wrangler', 'deploy', '--dry-run', '--outdir', 'dist'], fault: bundleFault },
  {
    name: 'suites',
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
    live: true,
  },
]

const begin = Date.now()
const failed = STEPS.find((step) => !passes(step))
const counts = readCounts()
rmSync(join(REPORT, '..'), { recursive: true })
console.log(`${failed ? `failed at ${failed.name}` : 'all steps passed'} in ${seconds(begin)}`)
if (counts) console.log(`tests: ${counts.passed} passed, ${counts.failed} failed`)
process.exit(failed ? 1 : 0)

function passes({ name, command: [program = '', ...args], live = false, fault }: Step): boolean {
  const start = Date.now()
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: live ? 'inherit' : 'pipe',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
  })
  const problem = status === 0 ? fault?.() : live ? '' : `${stdout}${stderr}`
  if (problem) console.log(problem.trimEnd())
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name.padEnd(9)} ${seconds(start)}`)
  return problem === undefined
}

/** Node's modules are at hand on the platform too, through a layer that our own code does without. */
function bundleFault(): string | undefined {
  const files = readdirSync(join(ROOT, 'dist')).filter((name) => name.endsWith('.js'))
  const code = files.map((name) => readFileSync(join(ROOT, 'dist', name), 'utf8')).join('\n')
  const [imported] = /\b(?:from|import|require)\s*\(?\s*["']node:[^"']+/.exec(code) ?? []
  if (imported) return `The bundle imports from Node: ${imported}`
  const size = gzipSync(code).byteLength
  console.log(`     bundle ${kib(code.length)}, gzip ${kib(size)} of at most ${kib(BUNDLE_GZIP_BYTES_MAX)}`)
  return size > BUNDLE_GZIP_BYTES_MAX ? 'The bundle is over its budget' : undefined
}

interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

/** A file that does not even load has no failing test; it counts as one. */
function readCounts(): { passed: number; failed: number } | undefined {
  let report: Report
  try {
    report = JSON.parse(readFileSync(REPORT, 'utf8')) as Report
  } catch {
    return undefined // an earlier step failed, or vitest broke down: nothing was counted
  }
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.length,
  )
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length }
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

function kib(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`
}
