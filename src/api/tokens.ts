import { z } from 'zod'
import { deleteToken, findToken, insertToken, listTokens, replaceToken } from '../db/tokens.ts'
import { isoTime } from '../model/clock.ts'
import { idSchema, newId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { covers, scopeSchema, type Scope, type Token } from '../model/token.ts'
import { notFound } from './amend.ts'
import { mintToken, type Authenticator } from './auth.ts'
import type { ApiDeps } from './deps.ts'
import { isoOrNull, namedFields } from './fields.ts'
import { operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema, timeQuery } from './page.ts'
import { invalid } from './parse.ts'
import { gracePeriodSchema } from './secrets.ts'

const creationSchema = z.object({
  name: namedFields.name.unwrap(),
  scopes: z.array(scopeSchema).min(1).max(50),
  expiresAt: timeQuery.nullable().default(null),
})
const rotationSchema = z.object({
  gracePeriodSeconds: gracePeriodSchema,
  expiresAt: creationSchema.shape.expiresAt,
})
const shownSchema = z.object({
  id: idSchema('tok'),
  name: z.string(),
  scopes: z.array(scopeSchema),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
})
/** The token itself is shown only in the answer to its creation. */
const shownOnceSchema = shownSchema.extend({ token: z.string() })

const LIST = 'tokens'

export function tokenOperations({ db }: ApiDeps, authenticator: Pick<Authenticator, 'forget'>): Operation[] {
  return [
    operation({
      method: 'POST',
      path: '/tokens',
      summary: 'Create an API token of this tenant',
      access: 'tokens',
      body: creationSchema,
      answers: { status: 201, schema: shownOnceSchema },
      run: async (call) => create(db, call),
    }),
    operation({
      method: 'GET',
      path: '/tokens',
      summary: 'List API tokens',
      access: 'tokens',
      query: pageQuery,
      answers: { status: 200, schema: pageSchema(shownSchema) },
      async run({ tenantId, query }) {
        const { after, limit } = pageOf(LIST, query)
        const rows = await listTokens(db, tenantId, { after, limit: limit + 1 })
        return answerPage(LIST, { rows, limit, present: show })
      },
    }),
    operation({
      method: 'GET',
      path: '/tokens/:id',
      summary: 'Read an API token, without the token itself',
      access: 'tokens',
      idPrefix: 'tok',
      answers: { status: 200, schema: shownSchema },
      async run({ tenantId, id }) {
        const token = await findToken(db, id)
        if (token?.tenantId !== tenantId) throw notFound()
        return { status: 200, body: show(token) }
      },
    }),
    operation({
      method: 'POST',
      path: '/tokens/:id/rotations',
      summary:
        'Make a token in place of another: with its name and scopes, the other ends with the grace period',
      access: 'tokens',
      idPrefix: 'tok',
      body: rotationSchema,
      answers: { status: 201, schema: shownOnceSchema },
      async run(call) {
        const answer = await rotate(db, call)
        authenticator.forget(call.id)
        return answer
      },
    }),
    operation({
      method: 'DELETE',
      path: '/tokens/:id',
      summary: 'Revoke an API token',
      access: 'tokens',
      idPrefix: 'tok',
      answers: { status: 204 },
      async run({ tenantId, id }) {
        if (!(await deleteToken(db, tenantId, id))) throw notFound()
        authenticator.forget(id)
        return { status: 204 }
      },
    }),
  ]
}

async function create(
  db: D1Database,
  { scopes: held, tenantId, body, now }: Call<never, undefined, z.output<typeof creationSchema>>,
): Promise<Answer> {
  const { name, scopes, expiresAt } = body
  const { record, answer } = await mint({ held, tenantId, name, scopes, expiresAt, now })
  await insertToken(db, record)
  return answer
}

async function rotate(
  db: D1Database,
  { scopes: held, tenantId, id, body, now }: Call<'tok', undefined, z.output<typeof rotationSchema>>,
): Promise<Answer> {
  const old = await findToken(db, id)
  if (old?.tenantId !== tenantId) throw notFound()
  const { name, scopes } = old
  const { record, answer } = await mint({ held, tenantId, name, scopes, expiresAt: body.expiresAt, now })
  const end = now + body.gracePeriodSeconds * 1000
  await replaceToken(db, record, { oldId: id, oldExpiresAt: Math.min(old.expiresAt ?? end, end) })
  return answer
}

interface Wanted extends Pick<Token, 'tenantId' | 'name' | 'scopes' | 'expiresAt'> {
  /** The scopes of who asks for it. */
  held: readonly Scope[]
  now: number
}

async function mint({ held, tenantId, name, scopes, expiresAt, now }: Wanted): Promise<{
  record: Token
  answer: Answer
}> {
  const withheld = scopes.filter((scope) => !covers(held, scope))
  if (withheld.length > 0) {
    throw new ProblemError(
      'forbidden',
      `A token can give only scopes that it has, not ${withheld.join(', ')}.`,
    )
  }
  if (expiresAt !== null && expiresAt <= now) {
    throw invalid([{ path: 'expiresAt', message: 'lies in the past' }])
  }
  const id = newId('tok', now)
  const { token, hash } = await mintToken(id)
  const record: Token = { id, tenantId, name, hash, scopes, expiresAt, lastUsedAt: null, createdAt: now }
  const headers = { location: `/v1/tokens/${id}` }
  return { record, answer: { status: 201, body: { ...show(record), token }, headers } }
}

function show({ id, name, scopes, expiresAt, lastUsedAt, createdAt }: Token) {
  return {
    id,
    name,
    scopes,
    expiresAt: isoOrNull(expiresAt),
    lastUsedAt: isoOrNull(lastUsedAt),
    createdAt: isoTime(createdAt),
  }
}
