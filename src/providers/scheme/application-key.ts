import { toBase64, utf8 } from '../../model/bytes.ts'
import { atPointer, parseJson, scalarText } from './json.ts'
import { configText, type Inbound } from './scheme.ts'

/**
 * A public key that a provider hands out to applications only: `config.clientId` and `config.clientSecret` are
 * exchanged for an access token (OAuth 2.0 client credentials, RFC 6749 section 4.4), and that for the key.
 */
export async function applicationKey(
  { keys, config }: Inbound,
  { tokenUrl, scope, keyUrl, pointer }: { tokenUrl: string; scope: string; keyUrl: string; pointer: string },
): Promise<string | undefined> {
  const client = `${configText(config, 'clientId') ?? ''}:${configText(config, 'clientSecret') ?? ''}`
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const grant = await keys.text({
    url: tokenUrl,
    hosts: [new URL(tokenUrl).hostname],
    headers: { ...form, authorization: `Basic ${toBase64(utf8(client))}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }).toString(),
  })
  const token = memberText(grant, '/access_token')
  if (token === undefined) return undefined
  const headers = { authorization: `Bearer ${token}` }
  return memberText(await keys.text({ url: keyUrl, hosts: [new URL(keyUrl).hostname], headers }), pointer)
}

function memberText(json: string | undefined, pointer: string): string | undefined {
  const parsed = parseJson(utf8(json ?? ''))
  return parsed.kind === 'value' ? scalarText(atPointer(parsed.value, pointer)) : undefined
}
