import { canonical, encodeAs, type Encoding } from './encoding.ts'
import { hintOfMismatch } from './hint.ts'
import { hmacKey, mac, type Hash } from './key-cache.ts'
import { sameText } from './compare.ts'
import { failed, type Inbound, type Scheme } from './scheme.ts'
import { secretBytes, type SecretForm } from './secret.ts'
import { signedContent, whereOf, type Claim, type SignedSpec } from './signed.ts'
import type { Verification } from '../../model/verification.ts'

export interface HmacSpec extends SignedSpec {
  hash?: Hash
  encoding?: Encoding
  key?: SecretForm
  /** The secret put together from settings of the source, instead of one of its secrets. */
  keyFrom?: (config: Inbound['config'], secret: string) => string
}

/** HMAC over parts of the request with a secret that both sides hold (RFC 2104). */
export function hmac(spec: HmacSpec): Scheme {
  const { hash = 'sha256', encoding = 'hex' } = spec
  return {
    summary: `HMAC-${hash.toUpperCase()} ${encoding} of \`${spec.signed ?? '{body}'}\` in \`${whereOf(spec)}\``,
    verify: signedContent(spec, (claim, inbound) => checkMac(spec, claim, inbound)),
  }
}

/** Every signature is compared with the one we make under each live secret, as text, in constant time. */
async function checkMac(spec: HmacSpec, claim: Claim, inbound: Inbound): Promise<Verification> {
  const { hash = 'sha256', encoding = 'hex', key: form = {} } = spec
  if (inbound.secrets.every((secret) => secret === '')) return failed('no_secret')
  const content = await claim.content()
  if (content === undefined) return failed('bad_format', 'a part of the signed content is missing')
  const sent = claim.signatures.map((signature) => canonical(encoding, signature))
  let readable = false
  for (const [keyIndex, own] of inbound.secrets.entries()) {
    const secret = spec.keyFrom?.(inbound.config, own) ?? own
    const key = await hmacKey(hash, keyName(form, secret), () => secretBytes(secret, form))
    if (key === undefined) continue
    readable = true
    const expected = encodeAs(encoding, await mac(key, content))
    for (const signature of sent) if (sameText(signature, expected)) return { verdict: 'verified', keyIndex }
  }
  if (!readable) return failed('bad_config', `the secret is not ${form.encoding ?? 'text'}`)
  return failed('signature_mismatch', await hintOfMismatch({ hash, encoding, content, sent, inbound }))
}

function keyName(form: SecretForm, secret: string): string {
  return `${form.encoding ?? 'utf8'}:${form.stripPrefix ?? ''}:${form.bareIsText ?? ''}:${form.normalize ?? ''}:${secret}`
}
