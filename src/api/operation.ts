import { z } from 'zod'
import type { Bytes } from '../model/bytes.ts'
import type { Id, Prefix, TenantId } from '../model/id.ts'
import { ProblemError, type ProblemCode } from '../model/problem.ts'
import type { Scope, ScopedResource } from '../model/token.ts'
import { parse } from './parse.ts'

/** The header of `takesCredentials`. */
export const CREDENTIALS = 'Hookway-Credentials'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One authorised request, its parts parsed. */
export interface Call<P extends Prefix, Q, B> {
  tenantId: TenantId
  /** Who asks: a token's id, or `root`. */
  actor: string
  /** What the token may do. */
  scopes: readonly Scope[]
  /** The `:id` of the path, where a uid may stand as well. */
  id: Id<P>
  /** The `:id` of the path as given: for a PUT a uid that may not exist yet, else perhaps a name. */
  uid: string
  /** The second parameter of the path as given; empty where there is none. */
  part: string
  query: Q
  body: B
  url: string
  ifMatch: string | undefined
  /** The header with credentials that are only for this call, as given. */
  credentials: string | undefined
  /** The same for each run of one request under one idempotency key; undefined: it came without. */
  onceKey?: string | undefined
  /** Milliseconds. */
  now: number
  requestId: string
  /** Names of shared secrets, by the path in the body at which their value stands: an import resolves them. */
  references?: Record<string, string>
  /** Runs a call that is a part of this one, with an entry of its own in the audit log. */
  audited(operation: Operation, run: () => Promise<Answer>): Promise<Answer>
}

export interface Answer {
  status: number
  /** Sent as JSON. */
  body?: unknown
  /** Sent as they are, instead of `body`. */
  bytes?: Bytes | ReadableStream<Uint8Array>
  headers?: Record<string, string>
}

interface Description {
  method: Method
  /** Under `/v1`. There may be the parameter `:id`, and another after it, which becomes `part`. */
  path: string
  summary: string
  /** Whose scope a token needs: `read` for GET, else `write`. `root`: only the root token. */
  access: ScopedResource | 'root'
  /** `orStatus`: the other of two, for a PUT that creates or replaces. */
  answers: { status: number; orStatus?: number; schema?: z.ZodType }
  /** For a POST that asks for the scope to read. */
  action?: 'read'
  /** Its answer holds payloads: neither the audit log nor an idempotency key keeps it. */
  isPrivate?: boolean
  /** Pages of its list in one answer as lines; absent: as many as a plain list may have. */
  linePagesMax?: number
  /** A POST that changes nothing, such as a test. */
  isHarmless?: boolean
  /** Takes credentials for somebody else in `Hookway-Credentials`. */
  takesCredentials?: boolean
  /** Of many calls, each of which is audited for itself. */
  isBatch?: boolean
  /** Why it may be refused, besides for what all calls of its kind may be. */
  problems?: readonly ProblemCode[]
  /** Stands in the contract where `body` says less than is required: see `changes`. */
  documentedBody?: z.ZodType
}

/** A call of the API: what routes, authorises, validates and documents it. */
export interface Operation extends Description {
  /** Its name in the contract. */
  operationId: string
  idPrefix: Prefix | undefined
  query: z.ZodType | undefined
  body: z.ZodType | undefined
  /** It answers pages, or the whole as NDJSON. */
  isList: boolean
  run(call: UnparsedCall): Promise<Answer>
}

export interface UnparsedCall extends Omit<Call<Prefix, Record<string, string>, unknown>, 'id'> {
  id: Id<Prefix> | undefined
}

/** The body of a PATCH: any object, since what it must fit is the stored resource with these keys replaced. */
export const changes = z.record(z.string(), z.unknown())

/** Describes one call. `query` and `body` are parsed before `run` sees them, unknown keys refused. */
export function operation<
  P extends Prefix = never,
  Q extends z.ZodType = z.ZodType<undefined>,
  B extends z.ZodType = z.ZodType<undefined>,
>(
  spec: Description & {
    idPrefix?: P
    query?: Q
    body?: B
    /** False: a list whose pages cannot be read ahead, so that it is no NDJSON. */
    isExported?: boolean
    run(call: Call<P, z.output<Q>, z.output<B>>): Promise<Answer>
  },
): Operation {
  const { idPrefix, query, body, isExported = true, ...described } = spec
  return {
    ...described,
    operationId: `${spec.method.toLowerCase()}${spec.path.replaceAll('/:', '-').replaceAll('/', '-')}`,
    idPrefix,
    query,
    body,
    isList: isExported && query instanceof z.ZodObject && 'cursor' in query.shape,
    async run(call) {
      if (!query && Object.keys(call.query).length > 0) refuseQuery(call.query)
      return spec.run({
        ...call,
        id: call.id as Id<P>,
        query: (query && parse(query, call.query, 'query')) as z.output<Q>,
        body: (body && parse(body, call.body, 'body')) as z.output<B>,
      })
    },
  }
}

/** The names of the parameters in its path. */
export function parametersOf({ path }: Pick<Operation, 'path'>): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
}

function refuseQuery(query: Record<string, string>): never {
  const errors = Object.keys(query).map((key) => ({ path: `query.${key}`, message: 'is not known here' }))
  throw new ProblemError('invalid_request', 'This call takes no query parameters.', { errors })
}
