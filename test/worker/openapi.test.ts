import { beforeAll, describe, expect, it } from 'vitest'
import { PROBLEMS } from '../../src/model/problem.ts'
import { SCOPED_RESOURCES } from '../../src/model/token.ts'
import { makeWorld, type World } from './api-world.ts'
import { codesOf, faultsOf, type Content, type Documented } from './contract.ts'

let world: World
let operations: Documented[]
beforeAll(async () => {
  world = await makeWorld()
  operations = Object.values(world.contract.paths).flatMap((methods) => Object.values(methods))
})

/** What is wrong with each operation, by name; empty where nothing is. */
function faulty(check: (operation: Documented) => unknown[]): Record<string, unknown[]> {
  const found = operations.map((each): [string, unknown[]] => [each.operationId, check(each)])
  return Object.fromEntries(found.filter(([, faults]) => faults.length > 0))
}

const exampleFaults = (content: Content | undefined) => {
  const json = content?.['application/json']
  if (!json) return []
  return json.example === undefined ? ['no example'] : faultsOf(json.schema, json.example)
}

it('a body that does not fit is seen', () => {
  const body = world.contract.paths['/v1/sources']?.['post']?.requestBody?.content['application/json']
  const schema = body?.schema ?? {}
  expect(faultsOf(schema, { provider: 'github' })).toEqual([])
  for (const wrong of [{}, { provider: 1 }, { provider: 'x', colour: 1 }, { provider: 'x', state: 'odd' }]) {
    expect(faultsOf(schema, wrong)).not.toEqual([])
  }
})

describe('the contract', () => {
  it('gives for each body and each answer an example that fits its schema', () => {
    const faults = faulty(({ requestBody, responses }) => [
      ...exampleFaults(requestBody?.content),
      ...Object.values(responses).flatMap(({ content }) => exampleFaults(content)),
    ])
    expect(faults).toEqual({})
  })

  it('lists for each call the codes it may answer, each under its status', () => {
    const faults = faulty(({ responses }) => {
      const refusals = Object.entries(responses).filter(([status]) => Number(status) >= 400)
      const all = refusals.flatMap(([status, { content }]) => {
        const codes = codesOf(
          content?.['application/problem+json']?.schema ?? {},
        ) as (keyof typeof PROBLEMS)[]
        return codes.map((code) => ({ code, isRight: PROBLEMS[code].status === Number(status) }))
      })
      const codes = all.map(({ code }) => code)
      const missing = ['unauthenticated', 'forbidden', 'invalid_request', 'rate_limited', 'internal'].filter(
        (code) => !(codes as string[]).includes(code),
      )
      return [...missing, ...all.filter(({ isRight }) => !isRight).map(({ code }) => code)]
    })
    expect(faults).toEqual({})
  })

  it('names for each call its scope, as a requirement and in words', () => {
    const scopes = SCOPED_RESOURCES.flatMap((resource) => [`${resource}:read`, `${resource}:write`])
    const faults = faulty(({ security: [first], description }) => {
      if (first?.['rootToken']) return description === 'Needs the root token.' ? [] : [description]
      const [scope = ''] = first?.['token'] ?? []
      return scopes.includes(scope) && description.includes(`\`${scope}\``) ? [] : [first, description]
    })
    expect(faults).toEqual({})
  })

  it('has an example of each problem, as it would be told', () => {
    const { schemas, examples } = world.contract.components
    expect(Object.keys(examples)).toEqual(Object.keys(PROBLEMS))
    for (const { value } of Object.values(examples)) {
      expect(faultsOf(schemas['Problem'] ?? {}, value)).toEqual([])
    }
  })

  it('describes each parameter where it stands', () => {
    const faults = faulty(({ parameters }) =>
      parameters.filter((each) => (each.in === 'path') !== (each.required === true)),
    )
    expect(faults).toEqual({})
  })
})

it('the page at /docs shows each call with its scope, an example and its problems', async () => {
  const page = await (await world.app.request('/docs')).text()
  const shown = page.split('<details><summary><b>').slice(1)
  expect(shown).toHaveLength(operations.length)
  for (const section of shown) {
    expect(section).toMatch(/Needs the (root token|scope)/)
    expect(section).toContain('<li>401 <code>unauthenticated</code></li>')
  }
  expect(page).toContain('&quot;provider&quot;: &quot;github&quot;')
})
