import type { Fact, Provider } from '../../src/providers/provider.ts'

const EVIDENCE = {
  sdk: 'checked against the official SDK',
  documentation: 'from the documentation',
  code: 'from working code',
  unverified: '**unverified**',
} as const

const INTRO = `# Providers

A source names its provider, and with it how requests are verified and how events are read out of them. This list is
made from \`src/providers\`; \`npx vitest run --project unit -u test/unit/provider-docs.test.ts\` makes it anew.

**Evidence** says how sure we are of a scheme. An unverified one fails closed when it is wrong; whoever has seen it at
work moves it to a file of its own, with a vector in \`test/vectors\`. A provider that is not here is a source of
\`generic-hmac\`, \`generic-token\`, \`generic-basic\` or \`generic-jwt\`, or of \`generic\` if it signs nothing.

## Settings that every source has

| \`config\` | meaning |
|---|---|
| \`toleranceSeconds\` | the window for signed times, both ways, instead of the provider's |
| \`event\` | \`type\`, \`id\`, \`entityType\`, \`entityId\`, \`occurredAt\`: a place or a list of which the first found counts. Places are \`header:NAME\`, \`query:NAME\`, \`form:NAME\`, a JSON pointer \`/a/b\` (into the item of a batch), \`root:/a/b\` (into the whole document), or a text with places in braces |
| \`batch\` | \`whole\` keeps a request with many events in one piece; a JSON pointer says where the array of events is |
| \`keys\` | public keys given instead of fetched: \`publicKeyPem\`, \`certificatePem\`, \`jwk\`, \`jwks\` |

## Adding one

A provider is a file in \`src/providers\`, a line in \`registry.ts\` and a file of vectors in \`test/vectors\`; there is no
test to write, since every suite reads them all. Most are twenty lines: copy one that is alike. Say where the signature
stands and what it covers (\`scheme\`), where the facts of an event are (\`event\`), and which requests are questions and
not events (\`handshakes\`). Take as \`id\` only what is new with every event: the id of an order would have its second
change taken for a repeat of its first. If the engine lacks a word, add the word, not an exception.

## Batches

A request with many events becomes as many events, each in an envelope of its own: a batch of n becomes n batches of
one, byte for byte as the provider wrote them.
`

/** The providers as a page of documentation. */
export function providerDocs(providers: readonly Provider[]): string {
  const verified = providers.filter(({ evidence }) => evidence !== 'unverified')
  const unverified = providers.filter(({ evidence }) => evidence === 'unverified')
  return [
    INTRO,
    `## Verified (${verified.length})\n`,
    HEAD,
    ...verified.map(row),
    `\n## Unverified (${unverified.length})\n`,
    HEAD,
    ...unverified.map(row),
    '',
  ].join('\n')
}

const HEAD =
  '| provider | `slug` | verification | evidence | type | duplicates by | answers | notes |\n|---|---|---|---|---|---|---|---|'

function row({ slug, name, docs, evidence, scheme, event, handshakes, answer, notes }: Provider): string {
  const cells = [
    docs === undefined ? name : `[${name}](${docs})`,
    `\`${slug}\``,
    scheme?.summary ?? 'none',
    EVIDENCE[evidence],
    places(event.type) || event.typeDefault || '',
    places(event.id) || 'content',
    [handshakes && 'challenges', answer && 'its own answer'].filter(Boolean).join(', '),
    [event.batch !== undefined && 'batches are split', notes].filter(Boolean).join('; '),
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', '\\n')).join(' | ')} |`
}

function places(facts: Fact | readonly Fact[] | undefined): string {
  const list = facts === undefined ? [] : typeof facts === 'string' ? [facts] : facts
  return list.map((fact) => `\`${fact.length > 60 ? `${fact.slice(0, 57)}…` : fact}\``).join(', ')
}
