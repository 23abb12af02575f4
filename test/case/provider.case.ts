import { readdirSync, readFileSync } from 'node:fs'
import { utf8 } from '../../src/model/bytes.ts'
import type { HeaderPair, RawRequest } from '../../src/model/request.ts'
import { sourceSettingsSchema, type Source } from '../../src/model/source.ts'

const VECTORS = new URL('../vectors/', import.meta.url)

/** Vector files that are not named after their provider. */
const PROVIDER_OF: Record<string, string> = {
  'adyen-standard': 'adyen',
  'hubspot-v1': 'hubspot',
  'hubspot-v3': 'hubspot',
}

export interface Vector {
  name: string
  expected: 'valid' | 'invalid'
  source: Source
  request: RawRequest
  now: number
}

interface VectorFile {
  secret: string
  config?: Record<string, unknown>
  keys?: Record<string, unknown>
  cases: {
    name: string
    expected: 'valid' | 'invalid'
    now: number
    secret?: string
    request: {
      method: string
      url: string
      headers: Record<string, string>
      body?: string
      bodyBase64?: string
    }
  }[]
}

/** The golden vectors, as the sources and requests they stand for. */
export function vectorFiles(): { file: string; provider: string; vectors: Vector[] }[] {
  return readdirSync(VECTORS)
    .filter((name) => name.endsWith('.json') && !name.startsWith('_'))
    .toSorted()
    .map((name) => {
      const file = name.slice(0, -'.json'.length)
      const provider = PROVIDER_OF[file] ?? file
      return { file, provider, vectors: readVectors(name, provider) }
    })
}

export function sourceOf(
  provider: string,
  secrets: string[],
  { config = {}, ...settings }: { config?: Record<string, unknown> } & Record<string, unknown> = {},
): Source {
  return {
    id: 'src_0000000000000000000000TEST',
    tenantId: 'default',
    name: provider,
    provider,
    secrets,
    settings: sourceSettingsSchema.parse({ config, ...settings }),
    version: 1,
  }
}

export function requestOf({
  method = 'POST',
  url = 'https://gateway.example.test/in/src_abc',
  headers = {},
  body = '',
}: {
  method?: string
  url?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
} = {}): RawRequest {
  const pairs = Object.entries(headers).map(([name, value]): HeaderPair => [name.toLowerCase(), value])
  const bytes = typeof body === 'string' ? utf8(body) : new Uint8Array(body)
  return { method, url, headers: pairs, body: bytes, receivedAt: 1_760_000_000_000 }
}

function readVectors(name: string, provider: string): Vector[] {
  const file = JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as VectorFile
  return file.cases.map((one) => ({
    name: one.name,
    expected: one.expected,
    source: sourceOf(provider, [one.secret ?? file.secret], {
      config: { ...file.config, ...(file.keys && { keys: file.keys }) },
      publicUrl: one.request.url.replace(/\?.*$/, ''),
    }),
    request: requestOf({ ...one.request, body: bodyOf(one.request) }),
    now: one.now * 1000,
  }))
}

function bodyOf(request: { body?: string; bodyBase64?: string }): Uint8Array {
  return request.bodyBase64 === undefined
    ? utf8(request.body ?? '')
    : Buffer.from(request.bodyBase64, 'base64')
}
