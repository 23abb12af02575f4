import { sha256, toHex, utf8 } from '../model/bytes.ts'

export interface Script {
  /** Isolates are never shared between tenants. */
  tenantId: string
  code: string
}

/** Runs a tenant's module on an event in an isolate of its own, and gives back what its default export answers. */
export type RunScript = (script: Script, input: unknown) => Promise<unknown>

/** Of processor time for one event. */
export const SCRIPT_CPU_MS = 50
/** A script has nothing to wait for: no network, no storage. */
export const SCRIPT_DEADLINE_MS = 1_000
const ANSWER_CHARS_MAX = 768 * 1024
/** Around the tenant's module, within its isolate: what it breaks there is its own. */
const HARNESS = `import * as rule from './rule.js'
export default {
  async fetch(request) {
    try {
      if (typeof rule.default !== 'function') throw new Error('the module has no default export that is a function')
      const result = await rule.default(await request.json())
      return Response.json({ result: result === undefined ? null : result })
    } catch (error) {
      return Response.json({ error: String(error && error.message || error).slice(0, 300) })
    }
  },
}`

/** The isolate of a script: the same script finds it again. */
export async function isolateOf({ tenantId, code }: Script) {
  return {
    name: `${tenantId}/${toHex(await sha256(utf8(code)))}`,
    code: {
      compatibilityDate: '2026-11-05',
      mainModule: 'harness.js',
      modules: { 'harness.js': HARNESS, 'rule.js': code },
      limits: { cpuMs: SCRIPT_CPU_MS, subRequests: 0 },
    },
  }
}

/** What the isolate answered, as the harness in it says it. */
export function resultOf(answer: string): unknown {
  if (answer.length > ANSWER_CHARS_MAX)
    throw new Error(`the answer is longer than ${ANSWER_CHARS_MAX} characters`)
  const { result, error } = JSON.parse(answer) as { result?: unknown; error?: string }
  if (error !== undefined) throw new Error(`javascript: ${error}`)
  return result
}
