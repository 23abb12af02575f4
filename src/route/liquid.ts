import { Context, Liquid, toPromise, type Template } from 'liquidjs'
import { err, ok, type Result } from '../model/result.ts'

/** Template nodes rendered: loops count each turn. Workers' clocks stand still while code runs, so steps are the time. */
const STEPS_MAX = 20_000
/** Characters and elements that filters and ranges may make in one render, all together. */
const MEMORY_MAX = 2_000_000
const OUTPUT_CHARS_MAX = 512 * 1024
const SOURCE_CHARS_MAX = 40_000

/** Files are not reachable: there are none, and templates are strangers'. */
const engine = new Liquid({
  templates: {},
  relativeReference: false,
  ownPropertyOnly: true,
  strictFilters: true,
  memoryLimit: MEMORY_MAX,
  parseLimit: SOURCE_CHARS_MAX,
})

export interface LiquidTemplate {
  /** Rejects with a message for the template's author. */
  render(scope: object): Promise<string>
}

export function compileLiquid(source: string): Result<LiquidTemplate, string> {
  try {
    const templates = engine.parse(source)
    return ok({ render: (scope) => render(templates, scope) })
  } catch (error) {
    return err(reasonOf(error))
  }
}

async function render(templates: Template[], scope: object): Promise<string> {
  const context = new Context(scope, engine.options, {}, { renderLimit: stepLimit() })
  try {
    const rendered: unknown = await toPromise(engine._render(templates, context, {}))
    const text = String(rendered)
    if (text.length > OUTPUT_CHARS_MAX)
      throw new Error(`more than ${OUTPUT_CHARS_MAX} characters were rendered`)
    return text
  } catch (error) {
    throw new Error(`liquid: ${reasonOf(error)}`, { cause: error })
  }
}

type RenderLimit = ConstructorParameters<typeof Context>[3] extends { renderLimit?: infer L } | undefined
  ? NonNullable<L>
  : never

/** Stands where the library keeps its wall clock. */
function stepLimit(): RenderLimit {
  let steps = 0
  const limit: Pick<RenderLimit, 'check' | 'use'> = {
    check() {
      if (++steps > STEPS_MAX) throw new Error(`more than ${STEPS_MAX} steps`)
    },
    use() {},
  }
  return limit as RenderLimit
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n')[0]?.slice(0, 300) ?? ''
}
