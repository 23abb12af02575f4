import { getEndpoint } from '../db/endpoints.ts'
import { isNetwork } from '../model/address.ts'
import type { TenantId } from '../model/id.ts'
import type { FieldError } from '../model/problem.ts'
import type { Sealer } from '../model/seal.ts'
import { restoreConfig, sealConfig } from '../model/sealed-config.ts'
import type { SourceSettings } from '../model/source.ts'
import { schemaFault } from '../providers/scheme/json-schema.ts'
import type { KnownProvider } from './deps.ts'
import { faultsOf, invalid } from './parse.ts'

/** The settings that are checked, so that a change of others (a pause, a name) is never held up by them. */
export const CHECKED = ['config', 'ipAllow', 'ipDeny', 'schema'] as const

/**
 * Throws `invalid_request` for settings that fit their schema and could still never work: a `config` that the
 * provider cannot be set up with, an address list that cannot be read. Otherwise every request of the provider
 * would be refused for a fault of its owner's.
 */
export function requireSound(settings: SourceSettings, { configSchemas }: KnownProvider): void {
  const faults = [
    ...configSchemas.flatMap((schema) => faultsOf(schema, settings.config, 'config')),
    ...schemaFaults(settings),
    ...addressFaults('ipAllow', settings.ipAllow),
    ...addressFaults('ipDeny', settings.ipDeny),
  ]
  if (faults.length > 0) throw invalid(faults)
}

/** Throws `invalid_request` when the endpoint whose answer is waited for is none of the tenant's. */
export async function requireAnswering(
  db: D1Database,
  tenantId: TenantId,
  { response }: SourceSettings,
): Promise<void> {
  const id = response?.endpointId
  if (!id || (await getEndpoint(db, { tenantId, id }))) return
  throw invalid([{ path: 'response.endpointId', message: 'is no endpoint of this tenant' }])
}

/**
 * The settings as they are stored, their secrets sealed. Throws `invalid_request` for a secret that `***` stands for
 * and nobody has given, and where `known` is given for what could never work.
 */
export async function storable(
  settings: SourceSettings,
  {
    id,
    sealer,
    known,
    stored = {},
  }: { id: string; sealer: Sealer; known?: KnownProvider | undefined; stored?: Record<string, unknown> },
): Promise<SourceSettings> {
  const before = { config: stored, id, sealer }
  const config = await restoreConfig(settings.config, before)
  if (!config.ok) throw invalid(config.error)
  if (known) requireSound({ ...settings, config: config.value }, known)
  return { ...settings, config: await sealConfig(config.value, before) }
}

function schemaFaults({ schema }: SourceSettings): FieldError[] {
  const fault = schema && schemaFault(schema.jsonSchema)
  return fault ? [{ path: 'schema.jsonSchema', message: fault }] : []
}

function addressFaults(field: string, list: readonly string[]): FieldError[] {
  return list.flatMap((each, i) =>
    isNetwork(each) ? [] : [{ path: `${field}.${i}`, message: 'is neither an address nor a CIDR' }],
  )
}
