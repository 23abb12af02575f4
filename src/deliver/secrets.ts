import { endpointSettingsSchema, type Endpoint, type EndpointSettings } from '../model/endpoint.ts'
import { unmaskSecrets } from '../model/masked.ts'
import { liveSecrets as live, type Sealer } from '../model/seal.ts'

const OPENED_MAX = 64
const opened = new Map<string, Promise<string>>()
const settings = new WeakMap<Endpoint, Promise<EndpointSettings>>()

/** The signing secrets that are live now, newest first. Opened once in an isolate: AES costs more than the signature. */
export async function liveSecrets({ id, secrets }: Endpoint, sealer: Sealer, now: number): Promise<string[]> {
  return await Promise.all(live(secrets, now).map(({ sealed }) => open(sealed, id, sealer)))
}

/** The settings with their secrets. Parsed again, for a stored endpoint may be older than a setting. */
export function openSettings(endpoint: Endpoint, sealer: Sealer): Promise<EndpointSettings> {
  const known = settings.get(endpoint)
  if (known) return known
  const { id, sealed = {} } = endpoint
  const whole = unmaskSecrets(endpointSettingsSchema.parse(endpoint.settings), { sealed, id, sealer })
  settings.set(endpoint, whole)
  whole.catch(() => settings.delete(endpoint))
  return whole
}

function open(sealed: string, context: string, sealer: Sealer): Promise<string> {
  const known = opened.get(sealed)
  if (known) return known
  const secret = sealer.open(sealed, context)
  if (opened.size >= OPENED_MAX) opened.clear()
  opened.set(sealed, secret)
  secret.catch(() => opened.delete(sealed))
  return secret
}
