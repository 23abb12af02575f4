import { DurableObject } from 'cloudflare:workers'

/** What the platform costs without a product: the measures that ours is held against. */

const AT_ONCE = 6
const AN_ALARM = 100

/** A row for each event. */
export class Store extends DurableObject {
  #waiting = []
  #underWay = 0

  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, name TEXT, body BLOB)')
  }

  insert(name, body) {
    this.ctx.storage.sql.exec('INSERT INTO event (name, body) VALUES (?, ?)', name, body)
  }

  /** A relay as most are written: kept, answered, forwarded once, with neither order, retries, signature nor log. */
  relay(name, body) {
    this.insert(name, body)
    this.#waiting.push(body)
    while (this.#underWay < AT_ONCE && this.#waiting.length) this.ctx.waitUntil(this.#send())
  }

  async #send() {
    this.#underWay++
    for (let body = this.#waiting.shift(); body; body = this.#waiting.shift()) {
      await send(this.env, body).catch(() => {})
    }
    this.#underWay--
  }
}

/** A row for all that arrived while the last one was written. */
export class Group extends DurableObject {
  #next

  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS segment (id INTEGER PRIMARY KEY, bodies BLOB)')
  }

  append(body) {
    this.#next ??= this.#write([])
    this.#next.bodies.push(new Uint8Array(body))
    return this.#next.written
  }

  #write(bodies) {
    const written = new Promise((resolve) => setTimeout(resolve, 0)).then(() => {
      this.#next = undefined
      const bytes = new Uint8Array(bodies.reduce((sum, each) => sum + each.byteLength, 0))
      bodies.reduce((at, each) => (bytes.set(each, at), at + each.byteLength), 0)
      this.ctx.storage.sql.exec('INSERT INTO segment (bodies) VALUES (?)', bytes.buffer)
    })
    return { bodies, written }
  }
}

/** Sends a backlog that it has in memory: a hundred an alarm, six at once, writing nothing. */
export class Drain extends DurableObject {
  #bodies = []

  async begin(ids, text) {
    this.#bodies = ids.map((id) => JSON.stringify({ type: 'bench.deliver', data: { id, text } }))
    await this.ctx.storage.setAlarm(Date.now())
  }

  async alarm() {
    const batch = this.#bodies.splice(0, AN_ALARM)
    const sendAll = async () => {
      for (let body = batch.shift(); body; body = batch.shift()) await send(this.env, body)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, sendAll))
    if (this.#bodies.length) await this.ctx.storage.setAlarm(Date.now())
  }
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/hello') return new Response('hello')
    if (pathname === '/drain') return drain(await request.json(), env)
    const body = await request.arrayBuffer()
    if (!(await verified(request, env, body))) return new Response('bad signature', { status: 401 })
    const name = request.headers.get('x-github-delivery')
    if (pathname === '/insert') await env.STORE.getByName('events').insert(name, body)
    if (pathname === '/group') await env.GROUP.getByName('events').append(body)
    if (pathname === '/relay') await env.STORE.getByName('events').relay(name, body)
    if (pathname === '/bucket') {
      await env.BUCKET.put(name, body)
      ctx.waitUntil(send(env, body, 'digest/bare'))
    }
    return Response.json({ ok: true })
  },
}

async function drain({ ids, text }, env) {
  await env.DRAIN.getByName('backlog').begin(ids, text)
  return new Response('begun')
}

async function send(env, body, path = '') {
  const response = await fetch(env.RECEIVER + path, { method: 'POST', body })
  await response.body?.cancel()
}

let key

async function verified(request, env, body) {
  const secret = new TextEncoder().encode(env.SECRET)
  key ??= crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  const hex = request.headers.get('x-hub-signature-256')?.slice('sha256='.length) ?? ''
  const signature = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  return crypto.subtle.verify('HMAC', await key, signature, body)
}
