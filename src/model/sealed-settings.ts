import { SECRET_NAME } from './masked.ts'
import type { FieldError } from './problem.ts'
import { err, ok, type Result } from './result.ts'
import { MASK, type SealedParts, type Sealer } from './seal.ts'
import type { SubscriptionSettings } from './subscription.ts'

interface Owner {
  /** Of the row, to which its secrets are bound. */
  id: string
  sealer: Sealer
}

/** A secret of some settings: where it stands, what it is, and the settings with another in its place. */
interface Place<S> {
  path: string
  value: string
  put(settings: S, value: string): S
}

type PlacesIn<S> = (settings: S) => Place<S>[]

/** Headers of requests that a transformation makes or shapes, where their names sound like secrets. */
export const subscriptionPlaces: PlacesIn<SubscriptionSettings> = ({ transform }) =>
  (transform?.steps ?? []).flatMap((step, index) => {
    if (step.kind !== 'fetch' && step.kind !== 'request') return []
    const secret = Object.entries(step.headers ?? {}).filter(([name]) => SECRET_NAME.test(name))
    return secret.flatMap(([name, value]): Place<SubscriptionSettings>[] =>
      value === null || value === ''
        ? []
        : [
            {
              path: `transform.steps.${index}.headers.${name}`,
              value,
              put: (settings, other) => withHeader(settings, { index, name, value: other }),
            },
          ],
    )
  })

/**
 * Takes the secrets out of settings and seals them, leaving `***`. Where `***` stands already, or the same secret again,
 * the part that is `known` stays.
 */
export async function takeSecrets<S>(
  settings: S,
  placesIn: PlacesIn<S>,
  { known = {}, id, sealer }: Owner & { known?: SealedParts | undefined },
): Promise<Result<{ settings: S; sealed: SealedParts }, FieldError[]>> {
  const sealed: SealedParts = {}
  const faults: FieldError[] = []
  let masked = settings
  for (const { path, value, put } of placesIn(settings)) {
    const kept = known[path]
    if (
      kept !== undefined &&
      (value === MASK || (await sealer.open(kept, id).catch(() => undefined)) === value)
    )
      sealed[path] = kept
    else if (value === MASK)
      faults.push({ path, message: `has no stored value that ${MASK} could stand for` })
    else sealed[path] = await sealer.seal(value, id)
    masked = put(masked, MASK)
  }
  return faults.length > 0 ? err(faults) : ok({ settings: masked, sealed })
}

/** The settings with their secrets, for what needs them. */
export async function putSecrets<S>(
  settings: S,
  placesIn: PlacesIn<S>,
  { sealed, id, sealer }: Owner & { sealed: SealedParts },
): Promise<S> {
  let whole = settings
  for (const { path, value, put } of placesIn(settings)) {
    const part = sealed[path]
    if (part !== undefined && value === MASK) whole = put(whole, await sealer.open(part, id))
  }
  return whole
}

/** For whom they are not: also those that were stored before they were sealed. */
export function maskPlaces<S>(settings: S, placesIn: PlacesIn<S>): S {
  return placesIn(settings).reduce((masked, { put }) => put(masked, MASK), settings)
}

function withHeader(
  settings: SubscriptionSettings,
  { index, name, value }: { index: number; name: string; value: string },
): SubscriptionSettings {
  const steps = (settings.transform?.steps ?? []).map((step, at) =>
    at === index && (step.kind === 'fetch' || step.kind === 'request')
      ? { ...step, headers: { ...step.headers, [name]: value } }
      : step,
  ) as NonNullable<SubscriptionSettings['transform']>['steps']
  return { ...settings, transform: { steps } }
}
