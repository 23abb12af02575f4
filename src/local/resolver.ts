import { lookup } from 'node:dns/promises'
import { Response, type Request } from 'miniflare'

/**
 * `GET http://resolver/?name=example.com` → `{"addresses":["93.184.216.34"]}`, empty when the name does not resolve.
 * The local runtime reaches private addresses, so a name must be looked up before it is trusted; the Worker cannot.
 */
export async function resolveName(request: Request): Promise<Response> {
  const name = new URL(request.url).searchParams.get('name') ?? ''
  const found = await lookup(name, { all: true }).catch(() => [])
  return Response.json({ addresses: found.map(({ address }) => address) })
}
