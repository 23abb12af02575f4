/**
 * How one header carries signatures. Without a format the whole value is one signature.
 * `list`: several, each with the prefix. `pairs`: `t=…,v1=…,v1=…`. `positional`: fields counted from 0.
 */
export type SignatureFormat =
  | { list: string }
  | { pairs: string; timestamp?: string; signature: string; group?: string }
  | { positional: string; timestamp?: number; signature: number }

/** Signatures that were made together, over the timestamp that stands beside them. */
export interface SignatureGroup {
  timestamp?: string
  signatures: string[]
}

/** Signatures looked at in one request: rotations have two or three, and each costs a comparison. */
export const SIGNATURES_MAX = 16
const HEADER_CHARS_MAX = 8192

/** The signatures in a header value, or none: whoever sent something else sent no signature. */
export function readSignatures(
  value: string,
  { format, prefix = '' }: { format?: SignatureFormat | undefined; prefix?: string | undefined },
): SignatureGroup[] {
  if (value.length > HEADER_CHARS_MAX) return []
  if (format === undefined) return group(undefined, [value], prefix)
  if ('list' in format) return group(undefined, split(value, format.list), prefix)
  if ('positional' in format) {
    const fields = split(value, format.positional)
    const timestamp = format.timestamp === undefined ? undefined : fields[format.timestamp]
    return group(timestamp, fields.slice(format.signature), prefix)
  }
  const groups = format.group === undefined ? [value] : split(value, format.group)
  return groups.flatMap((text) => readPairs(text, format, prefix))
}

function readPairs(
  value: string,
  format: { pairs: string; timestamp?: string; signature: string },
  prefix: string,
): SignatureGroup[] {
  let timestamp: string | undefined
  const signatures: string[] = []
  for (const pair of split(value, format.pairs)) {
    const equals = pair.indexOf('=')
    if (equals < 0) continue
    const name = pair.slice(0, equals).trim()
    if (name === format.signature) signatures.push(pair.slice(equals + 1))
    else if (name === format.timestamp) timestamp ??= pair.slice(equals + 1)
  }
  return group(timestamp, signatures, prefix)
}

function group(
  timestamp: string | undefined,
  candidates: readonly string[],
  prefix: string,
): SignatureGroup[] {
  const signatures: string[] = []
  for (const candidate of candidates.slice(0, SIGNATURES_MAX)) {
    if (candidate.startsWith(prefix) && candidate.length > prefix.length) {
      signatures.push(candidate.slice(prefix.length))
    }
  }
  if (signatures.length === 0) return []
  return timestamp === undefined ? [{ signatures }] : [{ timestamp, signatures }]
}

/** The fields between separators, without the spaces that some senders put after one. */
function split(value: string, separator: string): string[] {
  const fields = value.split(separator, SIGNATURES_MAX * 4)
  return separator === ' ' ? fields.filter((field) => field !== '') : fields.map((field) => field.trim())
}
