import { resultOf, type RunScript } from './isolate.ts'
import { unavailable } from './transform-deps.ts'

/** Through a service that runs the script elsewhere; the local server has one, whose processes can be killed. */
export function makeRemoteScriptRunner(fetch: (request: Request) => Promise<Response>): RunScript {
  return async (script, input) => {
    const request = new Request('https://rule.invalid/', {
      method: 'POST',
      body: JSON.stringify({ ...script, input }),
    })
    // The service answers whatever the script does: what fails here is the way to it.
    const answer = await fetch(request)
      .then(textOf)
      .catch((error: unknown) => {
        throw unavailable('javascript', error)
      })
    return resultOf(answer)
  }
}

async function textOf(response: Response): Promise<string> {
  if (!response.ok) throw new Error(`it answered ${response.status}`)
  return await response.text()
}
