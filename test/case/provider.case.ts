import { readdirSync, readFileSync } from 'node:fs'
import { providerOf, readVectors, type Vector, type VectorFile } from './provider.vectors.ts'

export { requestOf, sourceOf, type Vector } from './provider.vectors.ts'

const VECTORS = new URL('../vectors/', import.meta.url)

/**
 * The vectors as the sources and requests they stand for. Golden ones come from the providers' SDKs and documentation;
 * derived ones were made from the description of a scheme by other code than ours.
 */
export function vectorFiles(
  kind: 'golden' | 'derived' = 'golden',
): { file: string; provider: string; vectors: Vector[] }[] {
  const folder = kind === 'golden' ? VECTORS : new URL('derived/', VECTORS)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.startsWith('_'))
    .toSorted()
    .map((name) => {
      const file = name.slice(0, -'.json'.length)
      const cases = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as VectorFile
      const provider = kind === 'golden' ? providerOf(file) : cases.provider
      return { file, provider, vectors: readVectors(provider, cases) }
    })
}

/** A question that a provider asks before it sends events, and the answer that it wants. */
export interface Challenge {
  provider: string
  secret?: string
  verifyToken?: string
  config?: Record<string, unknown>
  request: { method: string; url: string; headers?: Record<string, string>; body?: string }
  response: { status: number; contentType?: string; headers?: Record<string, string>; body?: string }
  negative?: { request: Challenge['request']; response: { status: number } }
}

export const { challenges } = JSON.parse(readFileSync(new URL('_challenges.json', VECTORS), 'utf8')) as {
  challenges: Challenge[]
}
