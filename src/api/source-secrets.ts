import type { SourceRecord } from '../db/sources.ts'
import { MASK, type SealedParts, type Sealer } from '../model/seal.ts'
import { HIDDEN_VALUE, type SourceSettings } from '../model/source.ts'
import { invalid } from './parse.ts'

/**
 * What is stored of settings that a caller gave: the value of a hidden source's header sealed, `***` in its place.
 * Where `***` is given, and where the same is given again, the `known` one stays.
 */
export async function sealHidden(
  given: SourceSettings,
  { known = {}, id, sealer }: { known?: SealedParts | undefined; id: string; sealer: Sealer },
): Promise<Pick<SourceRecord, 'settings' | 'sealed'>> {
  const { hidden } = given
  if (hidden === null) return { settings: given, sealed: {} }
  const kept = known[HIDDEN_VALUE]
  const isKept =
    kept !== undefined && (hidden.value === MASK || (await sealer.open(kept, id)) === hidden.value)
  if (!isKept && hidden.value === MASK) {
    throw invalid([{ path: HIDDEN_VALUE, message: `has no stored value that ${MASK} could stand for` }])
  }
  const sealed = isKept ? kept : await sealer.seal(hidden.value, id)
  return { settings: { ...given, hidden: { ...hidden, value: MASK } }, sealed: { [HIDDEN_VALUE]: sealed } }
}
