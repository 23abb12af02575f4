import { commonConfigSchema } from './event-config.ts'
import type { Provider } from './provider.ts'

/** What is wrong with a source's settings for its provider, for whoever sets them. */
export function configFaults(
  provider: Provider,
  config: Record<string, unknown>,
): { path: string; message: string }[] {
  const schemas = provider.config === undefined ? [commonConfigSchema] : [commonConfigSchema, provider.config]
  return schemas.flatMap((schema) => {
    const parsed = schema.safeParse(config)
    const issues = parsed.success ? [] : parsed.error.issues
    return issues.map(({ path, message }) => ({ path: ['config', ...path].join('.'), message }))
  })
}
