import { describe, expect, it } from 'vitest'
import { verifyRequest } from '../../src/ingest/verify.ts'
import { utf8 } from '../../src/model/bytes.ts'
import type { HeaderPair } from '../../src/model/request.ts'
import { findProvider } from '../../src/providers/registry.ts'
import { parseJson } from '../../src/providers/scheme/json.ts'
import { noKeys } from '../../src/providers/scheme/keys.ts'
import { providerOf, readVectors, type VectorFile } from '../case/provider.vectors.ts'

declare global {
  interface ImportMeta {
    /** Vite's, at build time. */
    glob<T>(pattern: string, options: { eager: true; import: string }): Record<string, T>
  }
}

const golden = import.meta.glob<VectorFile>('../vectors/[!_]*.json', { eager: true, import: 'default' })
const derived = import.meta.glob<VectorFile>('../vectors/derived/*.json', { eager: true, import: 'default' })

const vectorFiles = [...Object.entries(golden), ...Object.entries(derived)].map(([path, file]) => {
  const name = path.replace(/^.*\/|\.json$/g, '')
  const provider = path.includes('/derived/') ? file.provider : providerOf(name)
  return { name, vectors: readVectors(provider, file) }
})

/** The cryptography of the platform is not that of Node: old algorithms and odd keys are where they part. */
describe.each(vectorFiles)('$name in workerd', ({ vectors }) => {
  it('gives every vector its verdict', async () => {
    for (const vector of vectors) {
      expect(findProvider(vector.source.provider)).toBeDefined()
      const { verdict } = await verifyRequest({ ...vector, keys: noKeys })
      expect(verdict === 'failed' ? 'invalid' : 'valid', vector.name).toBe(vector.expected)
    }
  })

  it('takes headers cut at any length without throwing', async () => {
    for (const vector of vectors.slice(0, 2)) {
      const { headers } = vector.request
      const longest = Math.max(0, ...headers.map(([, value]) => Math.min(value.length, 200)))
      for (let length = 0; length < longest; length++) {
        const cut = headers.map(([name, value]): HeaderPair => [name, value.slice(0, length)])
        await verifyRequest({ ...vector, request: { ...vector.request, headers: cut }, keys: noKeys })
      }
    }
  })
})

it('whole numbers too large for a double stay as written', () => {
  expect(parseJson(utf8('[12345678901234567891]'))).toEqual({
    kind: 'value',
    value: ['12345678901234567891'],
  })
})
