import { readdirSync, readFileSync } from 'node:fs'
import { providerOf, readVectors, type Vector, type VectorFile } from './provider.vectors.ts'

export { requestOf, sourceOf, type Vector } from './provider.vectors.ts'

const VECTORS = new URL('../vectors/', import.meta.url)

/** The golden vectors, as the sources and requests they stand for. */
export function vectorFiles(): { file: string; provider: string; vectors: Vector[] }[] {
  return readdirSync(VECTORS)
    .filter((name) => name.endsWith('.json') && !name.startsWith('_'))
    .toSorted()
    .map((name) => {
      const file = name.slice(0, -'.json'.length)
      const cases = JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8')) as VectorFile
      return { file, provider: providerOf(file), vectors: readVectors(file, cases) }
    })
}
