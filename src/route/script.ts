import { after, within } from '../model/clock.ts'
import { isolateOf, resultOf, SCRIPT_DEADLINE_MS, type RunScript } from './isolate.ts'
import { unavailable } from './transform-deps.ts'

/** Through a Worker Loader: no bindings, no network, and what it takes of the processor is limited. */
export function makeScriptRunner(loader: WorkerLoader): RunScript {
  return async (script, input) => {
    const { name, code } = await isolateOf(script)
    const worker = loader.get(name, () => ({ ...code, globalOutbound: null }))
    const request = new Request('https://rule.invalid/', { method: 'POST', body: JSON.stringify(input) })
    const entrypoint = worker.getEntrypoint(undefined, { limits: code.limits })
    const answered = entrypoint.fetch(request).then((response) => response.text())
    try {
      return resultOf(await within(SCRIPT_DEADLINE_MS, answered, after))
    } catch (error) {
      throw isPlatformFault(error) ? unavailable('javascript', error) : error
    }
  }
}

/** What the platform says may be tried again is no fault of the script. */
function isPlatformFault(error: unknown): boolean {
  return (error as { retryable?: boolean }).retryable === true
}
