import { after, within } from '../model/clock.ts'
import { isolateOf, SCRIPT_DEADLINE_MS, type RunScript } from './isolate.ts'

/** Through a Worker Loader: no bindings, no network, and what it takes of the processor is limited. */
export function makeScriptRunner(loader: WorkerLoader): RunScript {
  return async (script, input) => {
    const { name, code } = await isolateOf(script)
    const worker = loader.get(name, () => ({ ...code, globalOutbound: null }))
    const request = new Request('https://rule.invalid/', { method: 'POST', body: JSON.stringify(input) })
    const answered = worker.getEntrypoint(undefined, { limits: code.limits }).fetch(request)
    return answerOf(await within(SCRIPT_DEADLINE_MS, answered.then(textOf), after))
  }
}

/** Through a service that runs the script elsewhere; the local server has one, whose processes can be killed. */
export function makeRemoteScriptRunner(fetch: (request: Request) => Promise<Response>): RunScript {
  return async (script, input) => {
    const request = new Request('https://rule.invalid/', {
      method: 'POST',
      body: JSON.stringify({ ...script, input }),
    })
    return answerOf(await textOf(await fetch(request)))
  }
}

const ANSWER_CHARS_MAX = 768 * 1024

async function textOf(response: Response): Promise<string> {
  const text = await response.text()
  if (text.length > ANSWER_CHARS_MAX)
    throw new Error(`the answer is longer than ${ANSWER_CHARS_MAX} characters`)
  return text
}

function answerOf(text: string): unknown {
  const answer = JSON.parse(text) as { result?: unknown; error?: string }
  if (answer.error !== undefined) throw new Error(`javascript: ${answer.error}`)
  return answer.result
}
