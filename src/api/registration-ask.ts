import { z } from 'zod'
import { placeKey, type Place, type RegistrationRecord } from '../db/registrations.ts'
import { ProblemError } from '../model/problem.ts'
import type { Registration } from '../registrations/registration.ts'
import type { ApiDeps } from './deps.ts'
import { invalid } from './parse.ts'

/** What a caller asks for, in the terms of one provider. */
export function askSchemaOf({ credentials, target, events, baseUrl }: Registration) {
  return z.object({
    credentials: credentials
      .optional()
      .meta({ description: 'May be left out where they were kept. Never shown again.' }),
    target: target.prefault({}),
    events: z
      .array(events.schema)
      .min(1)
      .max(events.max)
      .default([...events.default]),
    baseUrl: z
      .string()
      .max(500)
      .optional()
      .meta({ description: baseUrlHelp(baseUrl({ shop: 'SHOP' })) }),
    secret: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'To verify with; becomes one of the source’s. Usually left out.' }),
    keepCredentials: z
      .boolean()
      .default(false)
      .meta({ description: 'Keeps them sealed, to list and to remove without giving them again.' }),
  })
}

export type Asked = z.output<ReturnType<typeof askSchemaOf>>

/** Where the hooks are to be made, as it is kept and compared. */
export async function placeOf(
  deps: ApiDeps,
  { target, baseUrl }: Asked,
  registration: Registration,
): Promise<Place> {
  const where = baseUrl ?? registration.baseUrl(target)
  if (where === undefined) {
    const message = `is needed: where your ${registration.name} is, such as https://example.com`
    throw invalid([{ path: 'baseUrl', message }])
  }
  const checked = await deps.checkTarget(where)
  if (!checked.ok) {
    const { detail } = checked.error
    throw new ProblemError('target_refused', detail, { errors: [{ path: 'baseUrl', message: detail }] })
  }
  const { href, search, hash } = new URL(where)
  if (search !== '' || hash !== '') throw invalid([{ path: 'baseUrl', message: 'may have no query' }])
  const given = Object.entries(target).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  return { baseUrl: href.replace(/\/+$/, ''), target: Object.fromEntries(given) as Place['target'] }
}

/** Those that an earlier call left for this place, and for no other. */
export async function keptCredentials(
  { sealer }: ApiDeps,
  {
    registrations,
    place,
    registration,
  }: { registrations: readonly RegistrationRecord[]; place: Place; registration: Registration },
) {
  const known = registrations.find(
    (each) => placeKey(each.place) === placeKey(place) && each.credentials !== null,
  )
  if (known?.credentials) {
    return registration.credentials.parse(JSON.parse(await sealer.open(known.credentials, known.id)))
  }
  throw invalid([{ path: 'credentials', message: 'are needed: none were kept for this place' }])
}

function baseUrlHelp(pinned: string | undefined): string {
  return pinned === undefined
    ? 'Required: where the installation is.'
    : `Where another installation is; by default ${pinned}.`
}
