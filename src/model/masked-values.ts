import { SECRET_NAME } from './masked.ts'
import { MASK } from './seal.ts'

/** Of these the names only sound like secrets. */
const HARMLESS = new Set(['orderingKey', 'publicKey', 'key', 'secretCount', 'tokenId', 'signing', 'auth'])

/** A copy of a JSON value with every text under a name that sounds like a secret's replaced by `***`. */
export function maskValues(value: unknown, isSecret = false): unknown {
  if (typeof value === 'string') return isSecret && value !== '' ? MASK : value
  if (Array.isArray(value)) return value.map((each) => maskValues(each, isSecret))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    const isNamed = !HARMLESS.has(name) && (SECRET_NAME.test(name) || name === 'hidden')
    // A secret header's own name is no secret.
    return [name, maskValues(inner, (isNamed || isSecret) && name !== 'header' && name !== 'type')]
  })
  return Object.fromEntries(entries)
}
