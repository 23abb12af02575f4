import { env, exports } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { EVENTS } from '../../src/db/log-rows.ts'
import { sweepErasures } from '../../src/erasing.ts'
import { sha256, toHex, utf8 } from '../../src/model/bytes.ts'
import { echo, placesWith, settle, type Erasure } from './erasing.ts'
import { evict, fireAlarm, fireUntil, RelayWorld } from './relay-world.ts'

let world: RelayWorld
beforeAll(async () => {
  world = await RelayWorld.open()
})

const hash = async (text: string) => toHex(await sha256(utf8(text)))

async function post(url: string, body: string, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }
  return await exports.default.fetch(new Request(url, init))
}

const untilListed = (path: string, count: number) =>
  vi.waitFor(async () => {
    const list = await world.call<{ data: { id: string; status: string; eventId: string }[] }>('GET', path)
    expect(list.data).toHaveLength(count)
    return list.data
  }, 15_000)

describe('an erasure', () => {
  it('leaves nothing of a person in any object, database or bucket', { timeout: 90_000 }, async () => {
    const person = 'erika.mustermann@personal.example'
    const other = 'someone.else@personal.example'
    world.answer = echo
    const source = await world.call<{ id: string; url: string }>('POST', '/sources', {
      provider: 'generic',
      verification: 'off',
      orderingKey: '/user/email',
      dedupe: { by: 'body:/user/email', windowSeconds: 1 },
    })
    const signed = await world.call<{ url: string }>('POST', '/sources', {
      provider: 'github',
      secrets: ['x'.repeat(20)],
    })
    const endpointFor = async (settings: object) => {
      const url = `http://127.0.0.1/${crypto.randomUUID()}`
      const made = await world.call<{ id: string }>('POST', '/endpoints', {
        url,
        sourceIds: [source.id],
        ...settings,
      })
      return { ...made, url, object: env.ENDPOINT.getByName(made.id) }
    }
    const delivered = await endpointFor({ url: 'http://127.0.0.1/ok/{{data.user.email}}', ordering: 'key' })
    const failing = await endpointFor({ ordering: 'key' })
    const paused = await endpointFor({ state: 'paused' })
    world.answer = (arrived) =>
      arrived.url === failing.url ? new Response(arrived.body.slice(0, 500), { status: 500 }) : echo(arrived)

    const bodies = [
      JSON.stringify({ user: { email: person }, n: 1 }),
      JSON.stringify({ user: { email: other }, n: 2 }),
      JSON.stringify({ user: { email: person }, pad: 'p'.repeat(300_000) }),
    ]
    const ids: string[] = []
    for (const body of bodies) {
      world.now += 2_000
      const response = await post(`https://hooks.example/in/${source.id}`, body)
      ids.push((await response.json<{ id: string }>()).id)
    }
    await post(`https://hooks.example/in/${signed.url.split('/in/')[1]}`, bodies[0] ?? '')
    await untilListed('/rejections', 1)
    await vi.waitFor(
      () => expect(world.arrived.filter(({ url }) => url.startsWith('http://127.0.0.1/ok/'))).toHaveLength(3),
      10_000,
    )
    await untilListed(`/deliveries?endpointId=${delivered.id}&status=delivered`, 3)
    await untilListed(`/deliveries?endpointId=${failing.id}&status=retrying`, 2)
    expect(await placesWith(person)).toEqual(['d1', 'objects', 'bucket'])

    const subject = { path: '/user/email', value: person }
    const erasure = await world.call<Erasure>('POST', '/erasures', subject)
    expect(erasure).toMatchObject({
      state: 'settling',
      kind: 'value',
      requestedBy: 'root',
      error: null,
      counts: { events: 2, bodies: 1, rejections: 1 },
    })
    expect(erasure.eventHashes.toSorted()).toEqual(
      (await Promise.all([ids[0], ids[2]].map((id) => hash(id ?? '')))).toSorted(),
    )
    expect(erasure.subjectHash).toBe(await hash(`${erasure.id} ${JSON.stringify(subject)}`))
    for (const { object } of [delivered, failing, paused]) await fireAlarm(world, object)
    const done = await settle(world, erasure)
    expect(done).toMatchObject({ state: 'done', error: null, counts: { events: 2 } })
    expect(await placesWith(person)).toEqual([])

    // What belongs to nobody of that name is as it was, and nothing of the erased is ever sent.
    const sent = world.arrived.length
    await world.call('PATCH', `/endpoints/${paused.id}`, { state: 'active' })
    await vi.waitFor(() =>
      expect(world.arrived.slice(sent).filter(({ url }) => url === paused.url)).toHaveLength(1),
    )
    expect(world.arrived.at(-1)?.body).toContain(other)
    for (const { object } of [delivered, failing, paused]) await evict(object)
    for (const { object } of [delivered, failing, paused]) {
      for (let alarms = 0; alarms < 10 && (await fireAlarm(world, object)); alarms++);
    }
    expect(world.arrived.slice(sent).filter(({ body }) => body.includes(person))).toEqual([])
    await vi.waitFor(async () => {
      const { data } = await world.call<{ data: { status: string }[] }>(
        'GET',
        `/deliveries?eventId=${ids[0]}`,
      )
      expect(data.map(({ status }) => status).toSorted()).toEqual(['cancelled', 'cancelled', 'delivered'])
    }, 10_000)
    expect(await placesWith(person)).toEqual([])
    expect(await world.call('GET', `/events/${ids[0]}`)).toMatchObject({
      bodyState: 'erased',
      entityId: null,
    })
    expect(await world.call('GET', `/events/${ids[1]}`)).toMatchObject({ data: { user: { email: other } } })
  })

  it('follows an export of the same, which shows all that is held and costs the audit log nothing', async () => {
    const endpoint = await world.endpoint('exported')
    world.answer = () => new Response('thanks, exported-person')
    const data = { user: { email: 'exported-person' } }
    const id = await world.publish('exported', data)
    await world.publish('exported', { user: { email: 'somebody' }, text: 'exported-person' })
    await world.untilLogged(endpoint, 'delivered', 2)
    const subject = { path: 'user.email', value: 'exported-person' }
    const page = await world.call<{ data: { kind: string }[]; next: string }>(
      'POST',
      '/subject-exports',
      subject,
    )
    expect(page.data).toEqual([
      { kind: 'event', event: expect.objectContaining({ id, data, bodyState: 'shown' }) },
      {
        kind: 'delivery',
        delivery: expect.objectContaining({
          eventId: id,
          attemptLog: [
            expect.objectContaining({
              response: expect.objectContaining({ body: 'thanks, exported-person' }),
            }),
          ],
        }),
      },
    ])
    const rest = await world.call<{ data: unknown[]; next: null }>(
      'POST',
      `/subject-exports?cursor=${page.next}`,
      subject,
    )
    expect(rest).toEqual({ data: [], next: null })
    const lines = await exports.default.fetch(
      new Request('https://hooks.example/v1/subject-exports', {
        method: 'POST',
        headers: { authorization: `Bearer ${env.HOOKWAY_ROOT_TOKEN}`, accept: 'application/x-ndjson' },
        body: JSON.stringify(subject),
      }),
    )
    expect(
      (await lines.text())
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind),
    ).toEqual(['event', 'delivery'])
    const audit = await world.call<{ data: object[] }>('GET', '/audit?action=post-subject-exports')
    expect(audit.data).toHaveLength(3)
    expect(JSON.stringify(audit)).not.toContain('exported-person')
    await settle(world, await world.call<Erasure>('POST', '/erasures', subject))
    const gone = await world.call<{ data: unknown[] }>('POST', '/subject-exports', subject)
    expect(gone.data).toEqual([])
  })

  it('of the same again finds nothing, and replays nothing', { timeout: 30_000 }, async () => {
    world.answer = () => new Response('ok')
    const endpoint = await world.endpoint('again')
    await world.call('POST', '/events', { type: 'again', data: { a: 1 }, orderingKey: 'key-of-again' })
    await world.untilLogged(endpoint, 'delivered', 1)
    const first = await settle(
      world,
      await world.call<Erasure>('POST', '/erasures', { orderingKey: 'key-of-again' }),
    )
    expect(first).toMatchObject({ state: 'done', counts: { events: 1, deliveries: 1 } })
    const second = await settle(
      world,
      await world.call<Erasure>('POST', '/erasures', { orderingKey: 'key-of-again' }),
    )
    expect(second).toMatchObject({ state: 'done', counts: { events: 0, segments: 0, deliveries: 0 } })
    const { data } = await world.call<{ data: { id: string; attempts: number }[] }>(
      'GET',
      `/deliveries?endpointId=${endpoint.id}`,
    )
    await expect(world.call('POST', `/deliveries/${data[0]?.id}/retries`, {})).rejects.toThrow(/40\d|41\d/)
    expect(world.at(endpoint)).toHaveLength(1)
    const { data: list } = await world.call<{ data: { id: string }[] }>('GET', '/erasures')
    expect(list.map(({ id }) => id).slice(0, 2)).toEqual([second.id, first.id])
  })

  it('reaches what is in flight, and what the log learns late', { timeout: 30_000 }, async () => {
    const secret = 'in-flight-person-5512'
    const endpoint = await world.endpoint('flying', { retry: { scheduleSeconds: [0, 5] } })
    world.answer = () => new Response(secret, { status: 500 })
    const id = await world.publish('flying', { secret })
    await world.untilLogged(endpoint, 'retrying', 1)
    const answer = Promise.withResolvers<Response>()
    vi.mocked(fetch).mockImplementationOnce(async (input, init) => {
      const request = new Request(input, init)
      world.arrived.push({
        url: request.url,
        at: world.now,
        id: null,
        attempt: null,
        body: await request.text(),
      })
      return await answer.promise
    })
    await fireUntil(world, endpoint.object, () => world.at(endpoint).length === 2)
    const erasure = await world.call<Erasure>('POST', '/erasures', { eventIds: [id] })
    expect(erasure).toMatchObject({ state: 'settling', counts: { events: 1, deliveries: 1, cancelled: 0 } })
    answer.resolve(new Response(`thank you, ${secret}`, { headers: { 'x-echo': secret } }))
    const [delivery] = await world.untilLogged(endpoint, 'delivered', 1)
    expect(JSON.stringify(delivery)).not.toContain(secret)
    // A message that was on its way when the log was cleared.
    await env.LOG_DB.prepare(
      `UPDATE first_deliveries SET error = NULL, attempt_log = '{"1":{"url":"${secret}"}}' WHERE id = ?`,
    )
      .bind(id)
      .run()
    expect(await placesWith(secret)).toEqual(['d1'])
    expect(await settle(world, erasure)).toMatchObject({ state: 'done' })
    expect(await placesWith(secret)).toEqual([])
  })

  it('goes on where it stopped, however large it is and whatever fails', { timeout: 60_000 }, async () => {
    const endpoint = await world.endpoint('many.erased', { state: 'paused' })
    const events = Array.from({ length: 100 }, (_, n) => ({
      type: 'many.erased',
      data: { n, mark: 'one-of-many-3317' },
      orderingKey: 'many-key',
    }))
    for (let batch = 0; batch < 2; batch++) await world.call('POST', '/events/batch', { events })
    await fireUntil(world, endpoint.object, () => true)
    for (let alarms = 0; alarms < 4; alarms++) await fireAlarm(world, endpoint.object)
    await vi.waitFor(async () => {
      const { results } = await env.LOG_DB.prepare(
        `SELECT count(*) AS n FROM ${EVENTS} WHERE type = 'many.erased'`,
      ).all<{ n: number }>()
      expect(results[0]?.n).toBe(200)
    }, 20_000)
    await env.LOG_DB.exec('ALTER TABLE rejections RENAME TO rejections_away')
    const broken = await world.call<Erasure>('POST', '/erasures', { orderingKey: 'many-key' })
    await env.LOG_DB.exec('ALTER TABLE rejections_away RENAME TO rejections')
    expect(broken.state).toBe('running')
    const list = () => world.call<Erasure>('GET', `/erasures/${broken.id}`)
    for (let run = 0; run < 4 && (await list()).state === 'running'; run++) {
      world.now += 130_000
      await sweepErasures(env)
    }
    const done = await settle(world, await list())
    expect(done).toMatchObject({ state: 'done', error: null, counts: { events: 200, cancelled: 200 } })
    expect(await placesWith('one-of-many-3317')).toEqual([])
  })

  it('is refused without one clear subject', async () => {
    for (const subject of [{}, { entityType: 'x' }, { path: '/a' }, { orderingKey: 'a', entityId: 'b' }]) {
      await expect(world.call('POST', '/erasures', subject)).rejects.toThrow('400')
    }
  })
})
