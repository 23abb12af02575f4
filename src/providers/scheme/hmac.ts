import type { Bytes } from '../../model/bytes.ts'
import type { Verification } from '../../model/verification.ts'
import { sameText } from './compare.ts'
import { canonical, encodeAs, type Encoding } from './encoding.ts'
import { hintOfMismatch } from './hint.ts'
import { hmacKey, mac, type Hash } from './key-cache.ts'
import { failed, liveSecrets, type Inbound, type Scheme } from './scheme.ts'
import { secretBytes, type SecretForm } from './secret.ts'
import { contentTemplates, signedContent, whereOf, type SignedSpec } from './signed.ts'

export interface MacSpec {
  hash?: Hash
  encoding?: Encoding
  key?: SecretForm
  /** Settings that hold a second key beside the source's secrets. */
  moreSecrets?: readonly string[]
  /** The secret put together from settings of the source and one of its secrets. */
  keyFrom?: (config: Inbound['config'], secret: string) => string
}

export type HmacSpec = SignedSpec & MacSpec

/** HMAC over parts of the request with a secret that both sides hold (RFC 2104). */
export function hmac(spec: HmacSpec): Scheme {
  const { hash = 'sha256', encoding = 'hex' } = spec
  return {
    summary: `HMAC-${hash.toUpperCase()} ${encoding} of \`${contentTemplates(spec).join('` or `')}\` in \`${whereOf(spec)}\``,
    verify: signedContent(spec, async ({ signatures, contents }, inbound) =>
      checkMac(spec, { signatures, contents: await contents(), inbound }),
    ),
  }
}

/** Every signature is compared with the one we make under each live secret, as text, in constant time. */
export async function checkMac(
  spec: MacSpec,
  {
    signatures,
    contents,
    inbound,
  }: { signatures: readonly string[]; contents: readonly Bytes[]; inbound: Inbound },
): Promise<Verification> {
  const { hash = 'sha256', encoding = 'hex', key: form = {} } = spec
  const secrets = liveSecrets(inbound, spec.moreSecrets)
  if (secrets.length === 0) return failed('no_secret')
  const [first] = contents
  if (first === undefined) return failed('bad_format', 'a part of the signed content is missing')
  const sent = signatures.map((signature) => canonical(encoding, signature))
  let readable = false
  for (const [keyIndex, own] of secrets.entries()) {
    const secret = spec.keyFrom?.(inbound.config, own) ?? own
    const key = await hmacKey(hash, keyName(form, secret), () => secretBytes(secret, form))
    if (key === undefined) continue
    readable = true
    for (const content of contents) {
      const expected = encodeAs(encoding, await mac(key, content))
      for (const signature of sent)
        if (sameText(signature, expected)) return { verdict: 'verified', keyIndex }
    }
  }
  if (!readable) return failed('bad_config', `the secret is not ${form.encoding ?? 'text'}`)
  return failed('signature_mismatch', await hintOfMismatch({ hash, encoding, content: first, sent, secrets }))
}

function keyName(form: SecretForm, secret: string): string {
  const { encoding = '', stripPrefix = '', bareIsText = '', normalize = '', hash = '' } = form
  return `${encoding}:${stripPrefix}:${bareIsText}:${normalize}:${hash}:${secret}`
}
