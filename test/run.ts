import { spawn } from 'node:child_process'
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

/** The quick ones, which fill more than one processor only together. */
const CHECKS: Step[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', command: ['tsc', '-b'] },
  {
    name: 'bindings',
    command: ['wrangler', 'types', 'src/worker-configuration.d.ts', '--include-runtime=false', '--check'],
  },
  { name: 'build', command: ['wrangler', 'deploy', '--dry-run', '--outdir', 'dist'], fault: bundleFault },
]
/** Only where every check passes. */
const SUITES: Step = {
  name: 'suites',
  command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
  live: true,
}

const begin = Date.now()
const checked = await Promise.all(CHECKS.map(passes))
const failed = CHECKS.filter((_, at) => !checked[at])
if (failed.length === 0 && !(await passes(SUITES))) failed.push(SUITES)
const counts = readCounts()
rmSync(join(REPORT, '..'), { recursive: true })
const names = failed.map(({ name }) => name).join(' and ')
console.log(`${names ? `failed at ${names}` : 'all steps passed'} in ${seconds(begin)}`)
if (counts) console.log(`tests: ${counts.passed} passed, ${counts.failed} failed`)
process.exit(names ? 1 : 0)

async function passes({ name, command, live = false, fault }: Step): Promise<boolean> {
  const start = Date.now()
  const { code, output } = await run(command, live)
  const problem = code === 0 ? fault?.() : output
  if (problem) console.log(problem.trimEnd())
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name.padEnd(9)} ${seconds(start)}`)
  return problem === undefined
}

/** What it printed, unless that was shown. */
function run(
  [program = '', ...args]: string[],
  live: boolean,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, args, {
    cwd: ROOT,
    stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, output: String(error) }))
    child.on('close', (code) => resolve({ code, output }))
  })
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
