import { z } from 'zod'
import type { TenantId, TokenId } from './id.ts'

/** What tokens can be scoped to. Tenants are not among them: only the root token manages those. */
export const SCOPED_RESOURCES = [
  'tokens',
  'sources',
  'event-types',
  'endpoints',
  'messages',
  'subscriptions',
  'events',
  // Bodies and headers as they came, where masking rules hide parts of them, and all that is held on a key.
  'payloads',
  'erasures',
  'deliveries',
  'replays',
  'rejections',
  'metrics',
  'health',
  'audit',
  'configuration',
  'secrets',
] as const

export type ScopedResource = (typeof SCOPED_RESOURCES)[number]
export type Action = 'read' | 'write'
export type Scope = '*' | `${ScopedResource}:${Action}`

const SCOPES: readonly Scope[] = [
  '*',
  ...SCOPED_RESOURCES.flatMap((resource) => [`${resource}:read`, `${resource}:write`] as const),
]

export const scopeSchema = z
  .enum(SCOPES)
  .meta({ description: '`*`, or a resource with `:read` or `:write`.' })

/** An API token as it is stored: of the token itself only the hash. Times in milliseconds. */
export interface Token {
  id: TokenId
  tenantId: TenantId
  name: string
  /** SHA-256 of the token in hex. A token holds 256 random bits, so a fast hash is enough. */
  hash: string
  scopes: Scope[]
  expiresAt: number | null
  /** Exact to the hour, so that using a token does not cost a write each time. */
  lastUsedAt: number | null
  createdAt: number
}

/** Whether the scopes permit the action. To write a resource includes to read it. */
export function permits(scopes: readonly Scope[], resource: ScopedResource, action: Action): boolean {
  if (scopes.includes('*') || scopes.includes(`${resource}:write`)) return true
  return action === 'read' && scopes.includes(`${resource}:read`)
}

/** Whether one who holds `held` may give `scope` away. */
export function covers(held: readonly Scope[], scope: Scope): boolean {
  if (scope === '*') return held.includes('*')
  const [resource, action] = scope.split(':') as [ScopedResource, Action]
  return permits(held, resource, action)
}
