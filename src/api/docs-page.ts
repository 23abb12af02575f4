import { templateOf } from './openapi.ts'
import type { Operation } from './operation.ts'

/** The contract for people: one page, made on the server, without a script. `contract` is `openApiOf` the operations. */
export function docsPage(operations: readonly Operation[], contract: Record<string, unknown>): string {
  const sections = new Map<string, string[]>()
  for (const operation of operations) {
    const tag = operation.path.split('/')[1] ?? ''
    sections.set(tag, [...(sections.get(tag) ?? []), showOperation(operation, contract)])
  }
  const toc = [...sections.keys()].map((tag) => `<a href="#${tag}">${tag}</a>`).join(' · ')
  const body = [...sections].map(([tag, shown]) => `<h2 id="${tag}">${tag}</h2>${shown.join('')}`).join('')
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Hookway API</title><style>${STYLE}</style><body><h1>Hookway API</h1>
<p>Under <code>/v1</code>, with <code>Authorization: Bearer TOKEN</code>. The same as
<a href="/openapi.json">OpenAPI 3.1</a>.</p><p>${toc}</p>${body}</body></html>`
}

/** No script, no foreign origin, no frame: what the page's `Content-Security-Policy` says. */
export const DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
summary { cursor: pointer; padding: .3rem 0 } summary code { font-weight: 600 }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8885; border-radius: .4rem; font-size: .85rem }
b { display: inline-block; min-width: 4rem }`

type Content = Record<string, { schema: unknown; example?: unknown }>

interface Described {
  description: string
  parameters: { name: string; in: string; description?: string }[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
}

function showOperation(
  { method, path, summary, answers }: Operation,
  contract: Record<string, unknown>,
): string {
  const paths = contract['paths'] as Record<string, Record<string, Described>>
  const described = paths[templateOf({ path })]?.[method.toLowerCase()]
  if (!described) return ''
  const { parameters, requestBody, responses } = described
  const names = parameters.map((each) => `<code>${escape(each.name)}</code> (${each.in})`)
  const statuses = [answers.status, ...(answers.orStatus === undefined ? [] : [answers.orStatus])].join(
    ' or ',
  )
  return `<details><summary><b>${method}</b> <code>/v1${escape(path)}</code> ${escape(summary)}</summary>
<p>${escape(described.description)} Parameters: ${names.join(', ')}.</p>
${requestBody ? `<p>Body</p>${showContent(requestBody.content)}` : ''}
<p>Answer ${statuses}</p>${showContent(responses[String(answers.status)]?.content)}
<p>Problems</p><ul>${showProblems(responses)}</ul></details>`
}

function showContent(content: Content | undefined): string {
  const json = content?.['application/json']
  if (!json) return ''
  return `${showJson(json.example)}<details><summary>Schema</summary>${showJson(json.schema)}</details>`
}

function showProblems(responses: Described['responses']): string {
  return Object.entries(responses)
    .filter(([, { content }]) => content?.['application/problem+json'])
    .map(([status, { description }]) => {
      const codes = [...description.matchAll(/`(\w+)`/g)].map(([, code = '']) => `<code>${code}</code>`)
      return `<li>${status} ${codes.join(', ')}</li>`
    })
    .join('')
}

function showJson(value: unknown): string {
  return `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
