import { err, ok, type Result } from '../model/result.ts'
import type { Connection } from './connection.ts'
import type { Ask, Failure, Hook, Wanted } from './registration.ts'

/** A hundred hooks a page: more than any provider lets a target have. */
const PAGES_MAX = 10

type Outcome<T> = Result<T, Failure>

export interface Registered {
  hooks: Hook[]
  /** None was there before. */
  isNew: boolean
  /** That the provider has chosen. */
  secret: string | undefined
}

/**
 * Makes the provider call us as wanted: a hook that is there, one of those we remember or any with our URL, is changed
 * to it, and only what is missing is made. Repeating it changes nothing. What it made before it failed is taken back.
 */
export async function ensureHooks(
  connection: Connection,
  wanted: Wanted,
  remembered: readonly string[],
): Promise<Outcome<Registered>> {
  const listed = await listHooks(connection)
  if (!listed.ok) return listed
  const there = listed.value.filter(({ id, url }) => remembered.includes(id) || isSame(url, wanted.url))
  const { isHookForEach } = connection.registration
  const groups = isHookForEach ? wanted.events.map((event) => [event]) : [wanted.events]
  const hooks: Hook[] = []
  const made: Hook[] = []
  for (const events of groups) {
    const found = there.find(
      (hook) => !hooks.some(({ id }) => id === hook.id) && (!isHookForEach || hook.events[0] === events[0]),
    )
    const one = { ...wanted, events }
    const ensured = found ? await change(connection, found, one) : await create(connection, one, made)
    if (!ensured.ok) {
      for (const { id } of made) await removeHook(connection, id)
      return ensured
    }
    hooks.push(ensured.value)
  }
  const kept = new Set(hooks.map(({ id }) => id))
  const leftover = remembered.filter((id) => !kept.has(id) && there.some((hook) => hook.id === id))
  const removed = await removeHooks(connection, leftover)
  if (!removed.ok) return removed
  const secret = made.map((hook) => hook.secret).find((each) => each !== undefined)
  return ok({ hooks, isNew: made.length === hooks.length, secret })
}

/** All hooks of the target, whosever they are. */
export async function listHooks({ api, ask }: Connection): Promise<Outcome<Hook[]>> {
  const hooks: Hook[] = []
  let cursor: string | undefined
  for (let i = 0; i < PAGES_MAX; i++) {
    const answer = await ask(api.list(cursor))
    if (!answer.ok) return answer
    const page = api.page(answer.value)
    hooks.push(...page.hooks)
    cursor = page.next
    if (cursor === undefined) break
  }
  return ok(hooks)
}

/** One that is gone already is removed. */
export async function removeHooks(
  connection: Connection,
  ids: readonly string[],
): Promise<Outcome<undefined>> {
  for (const id of ids) {
    const removed = await removeHook(connection, id)
    if (!removed.ok) return removed
  }
  return ok(undefined)
}

export function isSame(a: string, b: string): boolean {
  return a === b || (URL.canParse(a) && URL.canParse(b) && new URL(a).href === new URL(b).href)
}

async function removeHook(connection: Connection, id: string): Promise<Outcome<undefined>> {
  const answer = await connection.ask(connection.api.remove(id))
  if (answer.ok) return ok(undefined)
  if (!saysGone(answer.error)) return answer
  // To credentials without the right to it, some providers say that it does not exist: whoever may list knows.
  const listed = await listHooks(connection)
  return listed.ok && !listed.value.some((hook) => hook.id === id) ? ok(undefined) : answer
}

function saysGone(failure: Failure): boolean {
  if (failure.kind !== 'refused') return false
  return failure.status === 404 || failure.status === 410 || /does not exist/i.test(failure.message)
}

async function create(connection: Connection, wanted: Wanted, made: Hook[]): Promise<Outcome<Hook>> {
  const created = await hookOf(connection, connection.api.create(wanted))
  if (created.ok) {
    made.push(created.value)
    return await complete(connection, created.value, wanted)
  }
  const { isTaken } = connection.registration
  if (created.error.kind !== 'refused' || !isTaken?.test(created.error.message)) return created
  // Somebody was faster.
  const listed = await listHooks(connection)
  const { isHookForEach } = connection.registration
  const found = listed.ok
    ? listed.value.find(
        ({ url, events }) => isSame(url, wanted.url) && (!isHookForEach || events[0] === wanted.events[0]),
      )
    : undefined
  return found ? await change(connection, found, wanted) : created
}

async function change(connection: Connection, found: Hook, wanted: Wanted): Promise<Outcome<Hook>> {
  const { api } = connection
  if (!api.update) return ok(found)
  const whole = api.read ? await hookOf(connection, api.read(found.id)) : ok(found)
  if (!whole.ok) return whole
  const updated = await hookOf(connection, api.update(whole.value, wanted))
  if (!updated.ok) return updated
  return await complete(
    connection,
    api.read ? { ...updated.value, ...partsOf(whole.value) } : updated.value,
    wanted,
  )
}

function partsOf({ parts }: Hook): Pick<Hook, 'parts'> {
  return parts ? { parts } : {}
}

async function complete(connection: Connection, hook: Hook, wanted: Wanted): Promise<Outcome<Hook>> {
  for (const question of connection.api.after?.(hook, wanted) ?? []) {
    const answer = await connection.ask(question)
    if (!answer.ok) return answer
  }
  return ok(hook)
}

async function hookOf({ api, ask }: Connection, question: Ask): Promise<Outcome<Hook>> {
  const answer = await ask(question)
  if (!answer.ok) return answer
  const hook = api.hookIn(answer.value)
  if (hook) return ok(hook)
  const { status } = answer.value
  return err({ kind: 'refused', status, message: 'Its answer does not show the hook: is this its API?' })
}
