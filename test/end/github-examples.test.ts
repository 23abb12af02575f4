import { sign } from '@octokit/webhooks-methods'
import definitions from '@octokit/webhooks-examples' with { type: 'json' }
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listAll } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { Relay, SECRET } from '../support/relay.ts'

const relay = new Relay()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

interface Shown {
  id: string
  type: string
  providerEventId: string
  entityType: string
  entityId: string | null
}

type Payload = Record<string, Record<string, unknown> | undefined> & { action?: string }

/** GitHub indents nothing; what it escapes and how it orders is its own, so two of three are written unlike ours. */
const examples = definitions.flatMap(({ name, examples: payloads }) =>
  payloads.map((each, index) => {
    const payload = each as unknown as Payload
    const delivery = `${name}-${index}`
    return { name, payload, delivery, body: JSON.stringify(payload, null, index % 3) }
  }),
)

const SAME = (names: string) => names.split(' ').map((name): [string, string] => [name, name])
/** What the events are about; those that are not listed are about the repository, else the organisation. */
const ABOUT: Record<string, string> = Object.fromEntries([
  ...SAME(
    'check_run check_suite deployment discussion label milestone package projects_v2_item pull_request',
  ),
  ...SAME('release security_advisory sponsorship team workflow_job workflow_run'),
  ['issues', 'issue'],
  ['issue_comment', 'issue'],
  ['discussion_comment', 'discussion'],
  ['pull_request_review', 'pull_request'],
  ['pull_request_review_comment', 'pull_request'],
  ['pull_request_review_thread', 'pull_request'],
  ['deployment_status', 'deployment'],
  ['deployment_review', 'workflow_run'],
  ['dependabot_alert', 'alert'],
  ['code_scanning_alert', 'alert'],
  ['repository_vulnerability_alert', 'alert'],
  ['membership', 'team'],
  ['team_add', 'team'],
])
const IDS: Record<string, string> = { alert: 'number', sponsorship: 'node_id', security_advisory: 'ghsa_id' }

it("every example of GitHub's comes out as it went in, with its type, id and entity", async () => {
  const source = await relay.source()
  const ids = new Map<string, string>()
  for (let at = 0; at < examples.length; at += 32) {
    await Promise.all(
      examples.slice(at, at + 32).map(async ({ name, delivery, body }) => {
        const response = await fetch(`${relay.url}/in/${source.id}`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'x-github-event': name,
            'x-github-delivery': delivery,
            'x-hub-signature-256': await sign(SECRET, body),
          },
          body,
        })
        expect(response.status).toBe(200)
        const { id, duplicate } = (await response.json()) as { id: string; duplicate: boolean }
        expect(duplicate).toBe(false)
        ids.set(delivery, id)
      }),
    )
  }
  expect(ids.size).toBeGreaterThan(300)
  const shown = await eventually(
    async () => {
      const events = await listAll<Shown>(relay.call, `/events?sourceId=${source.id}`)
      return events.length === ids.size ? new Map(events.map((event) => [event.id, event])) : undefined
    },
    { withinMs: 30_000, what: () => 'not every event is in the log' },
  )
  for (const { name, payload, delivery, body } of examples) {
    const event = shown.get(ids.get(delivery) ?? '')
    expect(event).toMatchObject({
      type: payload.action === undefined ? name : `${name}.${payload.action}`,
      providerEventId: delivery,
    })
    expectEntity(event, name, payload)
    const stored = await fetch(`${relay.url}/v1/events/${event?.id}/body`, {
      headers: { authorization: `Bearer ${relay.token}` },
    })
    expect(await stored.text()).toBe(body)
  }
})

function expectEntity(event: Shown | undefined, name: string, payload: Payload): void {
  const about = ABOUT[name] ?? ['repository', 'organization', 'installation'].find((each) => payload[each])
  const entity = payload[about ?? '']
  const id = entity === undefined ? null : String(entity[IDS[about ?? ''] ?? 'id'] ?? entity['id'])
  expect([name, event?.entityType, event?.entityId]).toEqual([name, about ?? name, id])
}
