import { AwsV4Signer } from 'aws4fetch'
import { importPKCS8, SignJWT } from 'jose'
import type { Auth } from '../model/auth.ts'
import { utf8, type Bytes } from '../model/bytes.ts'
import { ok, type Result } from '../model/result.ts'
import type { HeaderPair } from '../model/request.ts'
import type { Prepared } from './prepare.ts'
import { basic, type TokenCache, type TokenFailure } from './token.ts'

/**
 * The headers by which the receiver's gateway lets the request in. The last step before sending, since some schemes
 * sign the whole. An API key in the query is already in the URL.
 */
export async function authHeaders(
  auth: Auth,
  {
    request,
    at,
    tokens,
    rejected,
  }: {
    request: Prepared
    /** Milliseconds. */
    at: number
    tokens: Pick<TokenCache, 'get'>
    /** The access token that was refused a moment ago. */
    rejected?: string | undefined
  },
): Promise<Result<HeaderPair[], TokenFailure>> {
  switch (auth.type) {
    case 'none':
      return ok([])
    case 'basic':
      return ok([['authorization', basic(auth.username, auth.password)]])
    case 'bearer':
      return ok([['authorization', `Bearer ${auth.token}`]])
    case 'apiKey':
      return ok(auth.in === 'header' ? [[auth.name.toLowerCase(), auth.value]] : [])
    case 'jwt':
      return ok([['authorization', `Bearer ${await signJwt(auth, at)}`]])
    case 'awsSigv4':
      return ok(await signAws(auth, request, at))
    case 'oauth2': {
      const token = await tokens.get(auth, rejected)
      return token.ok ? ok([['authorization', `Bearer ${token.value}`]]) : token
    }
  }
}

async function signJwt(
  { alg, key, keyId, claims, ttlSeconds }: Extract<Auth, { type: 'jwt' }>,
  at: number,
): Promise<string> {
  const seconds = Math.floor(at / 1000)
  return await new SignJWT(claims)
    .setProtectedHeader({ alg, typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) })
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + ttlSeconds)
    .sign(await jwtKey(alg, key))
}

async function jwtKey(alg: 'HS256' | 'RS256' | 'ES256', key: string): Promise<CryptoKey | Bytes> {
  return alg === 'HS256' ? utf8(key) : await importPKCS8(key, alg)
}

/**
 * Signature Version 4 over method, URL, body and the `x-amz-` headers. Others stay outside it: what a proxy or the
 * platform may touch must not break it.
 */
async function signAws(
  auth: Extract<Auth, { type: 'awsSigv4' }>,
  { method, url, body }: Prepared,
  at: number,
): Promise<HeaderPair[]> {
  const { accessKeyId, secretAccessKey, region, service, sessionToken } = auth
  const signer = new AwsV4Signer({
    accessKeyId,
    secretAccessKey,
    region,
    service,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    method,
    url,
    body: body ?? null,
    datetime: new Date(at).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
  })
  const { headers } = await signer.sign()
  return [...headers]
}
