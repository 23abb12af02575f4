import { z } from 'zod'
import { deleteToken, findToken, insertToken, listTokens } from '../db/tokens.ts'
import { isoTime } from '../model/clock.ts'
import { idSchema, newId } from '../model/id.ts'
import { ProblemError } from '../model/problem.ts'
import { covers, scopeSchema, type Token } from '../model/token.ts'
import { notFound } from './amend.ts'
import { mintToken, type Authenticator } from './auth.ts'
import type { ApiDeps } from './deps.ts'
import { isoOrNull, namedFields } from './fields.ts'
import { operation, type Answer, type Call, type Operation } from './operation.ts'
import { answerPage, pageOf, pageQuery, pageSchema, timeQuery } from './page.ts'
import { invalid } from './parse.ts'

const creationSchema = z.object({
  name: namedFields.name.unwrap(),
  scopes: z.array(scopeSchema).min(1).max(50),
  expiresAt: timeQuery.nullable().default(null),
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
  await insertToken(db, record)
  return { status: 201, body: { ...show(record), token }, headers: { location: `/v1/tokens/${id}` } }
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
