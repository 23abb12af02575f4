import type { Context, Hono } from 'hono'
import type { ApiEnv } from '../handle.ts'

export type DocumentContext = Context<ApiEnv>

/** What an operation of `/v1` answered: its JSON, or a problem that is passed on as it is. */
export type Result = { ok: true; status: number; body: Body } | { ok: false; response: Response }
export type Body = Record<string, unknown>

/** Makes a call of `/v1` as the same caller: with its token, its tenant, its audit entry, its limits. */
export type Call = (method: string, path: string, body?: Body) => Promise<Result>

/** A documented call is another shape of one of ours: it translates what goes in and what comes out, and nothing else. */
export function callerOf(app: Hono<ApiEnv>, context: DocumentContext): Call {
  return async (method, path, body) => {
    const { url, headers: sent } = context.req.raw
    const headers = new Headers()
    for (const name of ['authorization', 'hookway-tenant', 'idempotency-key', 'cf-connecting-ip']) {
      const value = sent.get(name)
      if (value !== null) headers.set(name, value)
    }
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    const response = await app.fetch(new Request(new URL(`/v1${path}`, url), init))
    if (!response.ok) return { ok: false, response }
    if (response.status === 204) return { ok: true, status: 204, body: {} }
    return { ok: true, status: response.status, body: await response.json<Body>() }
  }
}

export function listOf(body: Body): Body[] {
  return Array.isArray(body['data']) ? (body['data'] as Body[]) : []
}

/** Ids of the path, which stand in a path again. */
export function idOf(context: DocumentContext): string {
  return encodeURIComponent(context.req.param('id') ?? '')
}

export async function bodyOf(context: DocumentContext): Promise<unknown> {
  return await context.req.json().catch(() => undefined)
}
