import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { sign } from '@octokit/webhooks-methods'
import { Webhook } from 'standardwebhooks'
import { managementOf } from './management.ts'
import { startServer } from './server.ts'

/** Most of it for the build, once; the webhook itself takes milliseconds. */
const DEADLINE_MS = 60_000

interface Delivery {
  headers: Record<string, string>
  body: string
}

const dataDir = mkdtempSync(join(tmpdir(), 'hookway-demo-'))
const deadline = setTimeout(() => end(1, `no verified delivery within ${DEADLINE_MS / 1000} s`), DEADLINE_MS)
process.on('exit', () => rmSync(dataDir, { recursive: true, force: true }))
try {
  await demonstrate()
  end(0, 'one signed webhook went in, the same bytes came out, signed for their receiver')
} catch (error) {
  end(1, error instanceof Error ? error.message : String(error))
}

async function demonstrate(): Promise<void> {
  const server = await startServer({ dataDir, port: 0 })
  const api = managementOf(server)
  say('server', `${server.url}, data in ${dataDir}`)

  const receiver = await startReceiver()
  say('receiver', receiver.url)

  const secret = randomBytes(24).toString('hex')
  const source = await api.post<{ id: string; url: string }>('/v1/sources', {
    name: 'demo',
    provider: 'github',
    secrets: [secret],
  })
  say('source', `${source.id} receives GitHub's webhooks at ${source.url}`)

  const endpoint = await api.post<{ id: string; secret: string }>('/v1/endpoints', {
    name: 'demo',
    url: receiver.url,
    eventTypes: ['*'],
  })
  say('endpoint', `${endpoint.id} gets every event type`)

  const sent = await sendPush(server.url + new URL(source.url, server.url).pathname, secret)
  await verifyDelivery(await receiver.next, endpoint.secret, sent)
  receiver.close()
  await server.stop()
}

/** As GitHub sends a push: its own example payload, signed by its own library. */
async function sendPush(url: string, secret: string): Promise<string> {
  const body = JSON.stringify(examples.find(({ name }) => name === 'push')?.examples[0])
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/demo',
    'x-github-event': 'push',
    'x-github-delivery': crypto.randomUUID(),
    'x-hub-signature-256': await sign(secret, body),
  }
  const begin = performance.now()
  const response = await fetch(url, { method: 'POST', headers, body })
  const answer = await response.text()
  say('sent', `a push of ${body.length} bytes, signed ${headers['x-hub-signature-256'].slice(0, 19)}…`)
  say(
    'accepted',
    `${response.status} ${answer} after ${Math.round(performance.now() - begin)} ms: it is on disk`,
  )
  if (response.status !== 200) throw new Error('the webhook was not accepted')
  return body
}

async function verifyDelivery({ headers, body }: Delivery, secret: string, sent: string): Promise<void> {
  for (const name of Object.keys(headers).filter((each) => /^(webhook|hookway)-/.test(each))) {
    say('delivered', `${name}: ${headers[name]}`)
  }
  new Webhook(secret).verify(body, headers)
  say('verified', 'by the standardwebhooks library')
  if (body !== sent) throw new Error('the delivered body differs from the one that was sent')
  say('compared', `${body.length} bytes, the same as sent`)
}

async function startReceiver(): Promise<{ url: string; next: Promise<Delivery>; close(): void }> {
  const { promise: next, resolve } = Promise.withResolvers<Delivery>()
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      resolve({ headers: request.headers as Record<string, string>, body })
      response.end('ok')
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return { url: `http://127.0.0.1:${portOf(server)}/webhooks`, next, close: () => server.close() }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function portOf(server: HttpServer): number {
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

function say(what: string, detail: string): void {
  console.log(`${what.padEnd(10)} ${detail}`)
}

function end(code: 0 | 1, message: string): void {
  clearTimeout(deadline)
  console.log(`${code === 0 ? 'demo passed' : 'demo FAILED'}: ${message}`)
  process.exit(code)
}
