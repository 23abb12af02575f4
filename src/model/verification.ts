/** Why a request was not taken for the provider's. The caller never learns it; the owner reads it in rejections. */
export type FailureReason =
  | 'missing_header'
  | 'bad_encoding'
  | 'bad_format'
  | 'timestamp_missing'
  | 'timestamp_malformed'
  | 'timestamp_too_old'
  | 'timestamp_in_future'
  | 'wrong_secret'
  | 'body_modified'
  | 'signature_mismatch'
  | 'unknown_key'
  | 'untrusted_key_url'
  | 'key_unavailable'
  | 'wrong_token'
  | 'bad_claims'
  | 'no_secret'
  | 'bad_config'
  | 'unsupported_body'

/**
 * `verified`: a signature over the request held. `authenticated`: a static token or password matched, which proves
 * the sender but not the content. `unattempted`: the source has no scheme.
 */
export type Verification =
  | { verdict: 'verified'; keyIndex?: number }
  | { verdict: 'authenticated'; keyIndex?: number }
  | { verdict: 'unattempted' }
  | { verdict: 'failed'; reason: FailureReason; hint?: string }
