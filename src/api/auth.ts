import { getTenant } from '../db/tenants.ts'
import { findToken, markTokenUsed } from '../db/tokens.ts'
import {
  equalConstantTime,
  fromHex,
  randomBytes,
  sha256,
  toBase64Url,
  toHex,
  utf8,
  type Bytes,
} from '../model/bytes.ts'
import type { TenantId, TokenId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { DEFAULT_TENANT } from '../model/tenant.ts'
import type { Scope, Token } from '../model/token.ts'
import type { ApiDeps } from './deps.ts'

/** Who calls, and on which tenant the call acts. */
export interface Principal {
  /** Null: the root token. */
  tokenId: TokenId | null
  tenantId: TenantId
  scopes: readonly Scope[]
  /** Of the token, to one isolate; the root token has no limit. */
  requestsPerMinute: number
}

/** The isolate that revokes a token forgets it at once, any other within this time: publishing must not cost a read each. */
const CACHED_MS = 15_000
const CACHED_MAX = 1_000
/** How exact `lastUsedAt` is; each step is a written row. */
const LAST_USED_STEP_MS = 3_600_000
/** The characters of the token's id, then 32 random bytes in base64url. */
const TOKEN_FORM = /^hwk_([0-9A-HJKMNP-TV-Z]{26})[A-Za-z0-9_-]{43}$/

/** Unless the tenant has another: far more than anybody needs who publishes in batches, far less than a loop makes. */
const REQUESTS_PER_MINUTE = 60_000

interface Known {
  token: Token
  requestsPerMinute: number
  until: number
}

/** A new token for the id; it is shown once and kept only as a hash. */
export async function mintToken(id: TokenId): Promise<{ token: string; hash: string }> {
  const token = `hwk_${id.slice('tok_'.length)}${toBase64Url(randomBytes(32))}`
  return { token, hash: toHex(await sha256(utf8(token))) }
}

/** Turns bearer tokens into principals. */
export class Authenticator {
  readonly #deps: Pick<ApiDeps, 'db' | 'clock' | 'rootToken'>
  readonly #cache = new Map<TokenId, Known>()
  #rootHash: Bytes | undefined

  constructor(deps: Pick<ApiDeps, 'db' | 'clock' | 'rootToken'>) {
    this.#deps = deps
  }

  /** Throws `unauthenticated`, or `not_found` and `forbidden` for the tenant that the request names. */
  async authenticate(request: Request): Promise<Principal> {
    const [, bearer] = /^Bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '') ?? []
    if (bearer === undefined) throw unauthenticated('Send the header `Authorization: Bearer TOKEN`.')
    const hash = await sha256(utf8(bearer))
    const named = request.headers.get('hookway-tenant') ?? undefined
    if (await this.#isRoot(hash)) {
      return {
        tokenId: null,
        tenantId: await this.#namedTenant(named),
        scopes: ['*'],
        requestsPerMinute: Infinity,
      }
    }
    const { token, requestsPerMinute } = await this.#tokenOf(bearer, hash)
    const { id: tokenId, tenantId, scopes } = token
    if (named !== undefined && named !== tenantId && (await this.#tenantId(named)) !== tenantId) {
      throw new ProblemError('forbidden', 'The token belongs to another tenant than `Hookway-Tenant` names.')
    }
    return { tokenId, tenantId, scopes, requestsPerMinute }
  }

  forget(id: TokenId): void {
    this.#cache.delete(id)
  }

  async #isRoot(hash: Bytes): Promise<boolean> {
    const { rootToken } = this.#deps
    this.#rootHash ??= await sha256(utf8(rootToken))
    return rootToken !== '' && equalConstantTime(hash, this.#rootHash)
  }

  async #namedTenant(named: string | undefined): Promise<TenantId> {
    if (named === undefined || named === DEFAULT_TENANT) return DEFAULT_TENANT
    const tenantId = await this.#tenantId(named)
    if (tenantId === undefined) {
      throw new ProblemError(
        'not_found',
        'There is no tenant with the id or uid that `Hookway-Tenant` names.',
      )
    }
    return tenantId
  }

  async #tenantId(named: string): Promise<TenantId | undefined> {
    const by = named.startsWith('ten_') ? { id: named } : { uid: named }
    return (await getTenant(this.#deps.db, by))?.id
  }

  async #tokenOf(bearer: string, hash: Bytes): Promise<Known> {
    const [, chars] = TOKEN_FORM.exec(bearer) ?? []
    const now = this.#deps.clock.now()
    const known = chars === undefined ? undefined : await this.#find(`tok_${chars}`, now)
    const isRight =
      known !== undefined && equalConstantTime(hash, fromHex(known.token.hash) ?? new Uint8Array(0))
    if (!isRight) throw unauthenticated('The token is not valid. It may have been revoked.')
    const { expiresAt } = known.token
    if (expiresAt !== null && expiresAt <= now) throw unauthenticated('The token has expired.')
    return known
  }

  async #find(id: TokenId, now: number): Promise<Known | undefined> {
    const known = this.#cache.get(id)
    if (known && now < known.until) return known
    this.#cache.delete(id)
    const token = await findToken(this.#deps.db, id)
    if (!token) return undefined
    if (now - (token.lastUsedAt ?? 0) >= LAST_USED_STEP_MS) {
      // A token must still work while the database takes no writes.
      await markTokenUsed(this.#deps.db, id, now).catch(() => undefined)
    }
    const tenant = await getTenant(this.#deps.db, { id: token.tenantId })
    const requestsPerMinute = tenant?.settings.quotas.requestsPerMinute ?? REQUESTS_PER_MINUTE
    const [oldest] = this.#cache.keys()
    if (this.#cache.size >= CACHED_MAX && oldest !== undefined) this.#cache.delete(oldest)
    const found = { token, requestsPerMinute, until: now + CACHED_MS }
    this.#cache.set(id, found)
    return found
  }
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError('unauthenticated', detail, { headers: { 'www-authenticate': 'Bearer' } })
}
