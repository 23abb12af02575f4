import { fromBase64, utf8 } from '../../src/model/bytes.ts'
import type { HeaderPair, RawRequest } from '../../src/model/request.ts'
import { sourceSettingsSchema, type Source } from '../../src/model/source.ts'

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

export interface VectorFile {
  provider: string
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

/** The cases of a file as the sources and requests they stand for. */
export function readVectors(provider: string, file: VectorFile): Vector[] {
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

export function providerOf(file: string): string {
  return PROVIDER_OF[file] ?? file
}

function bodyOf(request: { body?: string; bodyBase64?: string }): Uint8Array {
  return request.bodyBase64 === undefined
    ? utf8(request.body ?? '')
    : (fromBase64(request.bodyBase64) ?? new Uint8Array())
}
