import type { FieldError } from './problem.ts'
import { err, ok, type Result } from './result.ts'
import { MASK, type Sealer } from './seal.ts'

type Config = Record<string, unknown>

/** Settings of providers that are secrets, and those whose every member is one. */
const SECRETS: readonly string[] = ['clientSecret', 'verificationToken', 'verifyToken', 'privateKeys']
/** How a sealed text is told from what somebody wrote. */
const SEALED = 'sealed:'

/** The config with `***` for every secret. */
export function maskedConfig(config: Config): Config {
  return mapSecrets(config, () => MASK)
}

/** The config with its secrets. One that cannot be opened any more is empty, and fits nothing. */
export async function openConfig(
  config: Config,
  { id, sealer }: { id: string; sealer: Sealer },
): Promise<Config> {
  const opened = new Map<string, string>()
  for (const { path, value } of secretsIn(config)) {
    if (!value.startsWith(SEALED)) continue
    opened.set(path, await sealer.open(value.slice(SEALED.length), id).catch(() => ''))
  }
  return opened.size === 0 ? config : mapSecrets(config, (path, value) => opened.get(path) ?? value)
}

/** A config as it was given, with the secrets of the stored one where `***` stands for them. */
export async function restoreConfig(
  given: Config,
  stored: { config: Config; id: string; sealer: Sealer },
): Promise<Result<Config, FieldError[]>> {
  const opened = await openConfig(stored.config, stored)
  const known = new Map(secretsIn(opened).map(({ path, value }) => [path, value]))
  const sealed = new Map(secretsIn(stored.config).map(({ path, value }) => [path, value]))
  const faults = secretsIn(given)
    .filter(({ path, value }) => value === MASK && !known.has(path))
    .map(({ path }) => ({
      path: `config.${path}`,
      message: `has no stored value that ${MASK} could stand for`,
    }))
  if (faults.length > 0) return err(faults)
  const isStored = (path: string, value: string) => value === MASK || value === sealed.get(path)
  return ok(mapSecrets(given, (path, value) => (isStored(path, value) ? (known.get(path) ?? '') : value)))
}

/** The config as it is stored. What has not changed keeps its sealed form, so that to set it again changes nothing. */
export async function sealConfig(
  config: Config,
  stored: { config: Config; id: string; sealer: Sealer },
): Promise<Config> {
  const { id, sealer } = stored
  const opened = new Map(
    secretsIn(await openConfig(stored.config, stored)).map(({ path, value }) => [path, value]),
  )
  const before = new Map(secretsIn(stored.config).map(({ path, value }) => [path, value]))
  const sealed = new Map<string, string>()
  for (const { path, value } of secretsIn(config)) {
    const old = before.get(path)
    const kept = opened.get(path) === value && old?.startsWith(SEALED) ? old : undefined
    sealed.set(path, kept ?? SEALED + (await sealer.seal(value, id)))
  }
  return mapSecrets(config, (path, value) => sealed.get(path) ?? value)
}

function secretsIn(config: Config): { path: string; value: string }[] {
  const found: { path: string; value: string }[] = []
  mapSecrets(config, (path, value) => {
    found.push({ path, value })
    return value
  })
  return found
}

function mapSecrets(config: Config, change: (path: string, value: string) => string): Config {
  const changed = (path: string, value: unknown): unknown =>
    typeof value === 'string' && value !== '' ? change(path, value) : value
  const entries = Object.entries(config).map(([name, value]): [string, unknown] => {
    if (!SECRETS.includes(name)) return [name, value]
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return [name, changed(name, value)]
    const members = Object.entries(value).map(([key, each]) => [key, changed(`${name}.${key}`, each)])
    return [name, Object.fromEntries(members) as Config]
  })
  return Object.fromEntries(entries)
}
