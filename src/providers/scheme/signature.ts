import { utf8, type Bytes } from '../../model/bytes.ts'
import type { Verification } from '../../model/verification.ts'
import { decodeAs, type Encoding } from './encoding.ts'
import { atPointer, parseJson, scalarText } from './json.ts'
import { keyMaterial } from './key-material.ts'
import { isPinned } from './keys.ts'
import { readPlace, type Place } from './place.ts'
import { holds, publicKey, type Algorithm } from './public-key.ts'
import { failed, type Inbound, type Scheme } from './scheme.ts'
import { contentTemplates, signedContent, whereOf, type Claim, type SignedSpec } from './signed.ts'

/** A check with a public key costs some fifty times one with a secret. */
const SIGNATURES_MAX = 4

export type KeySpec = Algorithm & {
  encoding?: Encoding
  /** The provider's published key. An owner's own key material counts before it. */
  publicKey?: string
  /** The request names the URL of its certificate: it must be on a pinned host even when the source holds the key. */
  keyAt?: { place: Place; hosts: readonly (string | RegExp)[]; path: RegExp }
  /** The provider publishes its key at this URL, in JSON. */
  keyJson?: { url: string; pointer: string }
  /** Gets the key when the source holds none; only from hosts that the provider file names. */
  fetchKey?: (inbound: Inbound) => Promise<string | undefined>
}

export type SignatureSpec = SignedSpec & KeySpec

/** A signature with the provider's private key, checked with its public one: a secret of the source, or published. */
export function signature(spec: SignatureSpec): Scheme {
  const hash = 'hash' in spec ? `-${spec.hash.toUpperCase()}` : ''
  return {
    summary: `${spec.name.toUpperCase()}${hash} ${spec.encoding ?? 'base64'} of \`${contentTemplates(spec).join('` or `')}\` in \`${whereOf(spec)}\``,
    verify: signedContent(spec, (claim, inbound) => checkSignature(spec, claim, inbound)),
  }
}

async function checkSignature(spec: SignatureSpec, claim: Claim, inbound: Inbound): Promise<Verification> {
  const contents = await claim.contents(inbound.secrets[0])
  if (contents.length === 0) return failed('bad_format', 'a part of the signed content is missing')
  return checkSignatures(spec, { signatures: claim.signatures, contents, inbound })
}

/** Whether one of the signatures over one of the contents holds under one of the keys. */
export async function checkSignatures(
  spec: KeySpec,
  {
    signatures,
    contents,
    inbound,
  }: { signatures: readonly string[]; contents: readonly Bytes[]; inbound: Inbound },
): Promise<Verification> {
  const texts = await keyTexts(spec, inbound)
  if (!Array.isArray(texts)) return texts
  if (texts.length === 0) return failed('no_secret')
  const decoded = signatures
    .slice(0, SIGNATURES_MAX)
    .flatMap((sent) => decodeAs(spec.encoding ?? 'base64', sent) ?? [])
  if (decoded.length === 0) return failed('bad_encoding')
  let readable = false
  for (const [keyIndex, text] of texts.entries()) {
    const key = await publicKey(spec, text)
    if (key === undefined) continue
    readable = true
    for (const bytes of decoded) {
      for (const content of contents) {
        if (await holds(spec, { key, signature: bytes, content })) return { verdict: 'verified', keyIndex }
      }
    }
  }
  return readable ? failed('signature_mismatch') : failed('bad_config', 'the public key cannot be read')
}

/** The keys that may have signed, or why there is none. */
async function keyTexts(spec: KeySpec, inbound: Inbound): Promise<string[] | Verification> {
  const given = keyMaterial(inbound).texts
  if (spec.keyAt !== undefined) {
    const url = readPlace(inbound.request, spec.keyAt.place)
    if (url === undefined) return failed('missing_header', `no ${spec.keyAt.place}`)
    if (!isNamedWell(spec.keyAt, url)) return failed('untrusted_key_url', 'the key is not at the provider')
    if (given.length > 0) return given
    const certificate = await inbound.keys.text({ url, hosts: spec.keyAt.hosts })
    return certificate === undefined ? failed('key_unavailable') : [certificate]
  }
  const own = [...given, ...inbound.secrets.filter((secret) => secret !== '')]
  if (given.length > 0) return own
  if (spec.fetchKey !== undefined || (spec.keyJson !== undefined && own.length === 0)) {
    const fetched = await (spec.fetchKey?.(inbound) ?? publishedKey(spec.keyJson, inbound))
    return fetched === undefined ? failed('key_unavailable') : [fetched]
  }
  return spec.publicKey === undefined ? own : [...own, spec.publicKey]
}

function isNamedWell({ hosts, path }: NonNullable<KeySpec['keyAt']>, url: string): boolean {
  return isPinned({ url, hosts }) && path.test(new URL(url).pathname)
}

async function publishedKey(at: KeySpec['keyJson'], { keys }: Inbound): Promise<string | undefined> {
  if (at === undefined) return undefined
  const answer = await keys.text({ url: at.url, hosts: [new URL(at.url).hostname] })
  const parsed = parseJson(utf8(answer ?? ''))
  return parsed.kind === 'value' ? scalarText(atPointer(parsed.value, at.pointer)) : undefined
}
