import { DurableObject } from 'cloudflare:workers'

/** What the platform costs without a product: the measure that ours is held against. */
export class Store extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, name TEXT, body BLOB)')
  }

  insert(name, body) {
    this.ctx.storage.sql.exec('INSERT INTO event (name, body) VALUES (?, ?)', name, body)
  }
}

let key

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/hello') return new Response('hello')
    const body = await request.arrayBuffer()
    if (!(await verified(request, env, body))) return new Response('bad signature', { status: 401 })
    await env.STORE.getByName('events').insert(request.headers.get('x-github-delivery'), body)
    // A relay as most are written: kept, answered, forwarded once, with neither order nor retries.
    if (pathname === '/relay') ctx.waitUntil(fetch(env.RECEIVER, { method: 'POST', body }))
    return Response.json({ ok: true })
  },
}

async function verified(request, env, body) {
  const secret = new TextEncoder().encode(env.SECRET)
  key ??= crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  const hex = request.headers.get('x-hub-signature-256')?.slice('sha256='.length) ?? ''
  const signature = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  return crypto.subtle.verify('HMAC', await key, signature, body)
}
