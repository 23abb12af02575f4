import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type * as Wrangler from 'wrangler'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
export const CONFIG_FILE = join(ROOT, 'wrangler.toml')
/** The command, for a process of its own: wrangler's programming interface covers only a part. */
export const WRANGLER = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
/** For that process: what it prints there is wanted, unlike in this one. */
export const WRANGLER_ENV = { ...process.env, WRANGLER_HIDE_BANNER: 'true', WRANGLER_SEND_METRICS: 'false' }

/** The part of `wrangler.toml` read here; wrangler's own type leans on a package that is not installed. */
export interface WorkerConfig {
  name: string
  vars: Record<string, string>
  secrets?: { required?: string[] }
  d1_databases: { binding: string; migrations_dir?: string }[]
  queues: { producers?: { queue: string }[]; consumers?: { queue: string; dead_letter_queue?: string }[] }
}

/** Loads wrangler, which takes longer than a warm start of the whole server: not for the warm path. */
export async function readWorkerConfig(): Promise<WorkerConfig> {
  const wrangler = await loadWrangler()
  return wrangler.unstable_readConfig(
    { config: CONFIG_FILE },
    { hideWarnings: true },
  ) as unknown as WorkerConfig
}

export async function loadWrangler(): Promise<typeof Wrangler> {
  // It mixes in what it finds in .dev.vars and the environment, and says so on stdout.
  process.env.WRANGLER_LOG ??= 'none'
  return import('wrangler')
}
