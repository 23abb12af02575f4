import ipaddr from 'ipaddr.js'
import { equalConstantTime, utf8 } from '../model/bytes.ts'
import { ProblemError } from '../model/problem.ts'
import type { Source } from '../model/source.ts'
import { findProvider } from '../providers/registry.ts'

/** What providers that sign send; a source may allow others. */
const WRITING_METHODS: readonly string[] = ['POST', 'PUT', 'PATCH']
/** Some (Plivo, Vonage, Twilio) sign a GET when asked to. Unsigned it may be anybody's browser. */
const SIGNED_METHODS: readonly string[] = [...WRITING_METHODS, 'GET']
const RETRY_PAUSED_SECONDS = 300

/** Turns away what cannot be the provider's before anything is read. Throws the public answer. */
export function guard(source: Source, request: Request): void {
  const { hidden, state, ipAllow, ipDeny } = source.settings
  if (hidden !== null && !isEqual(request.headers.get(hidden.header) ?? '', hidden.value)) throw notFound()
  const ip = addressOf(request)
  if (ipDeny.length > 0 && isWithin(ip, ipDeny)) throw addressRefused()
  if (ipAllow.length > 0 && !isWithin(ip, ipAllow)) throw addressRefused()
  if (state === 'paused') {
    throw new ProblemError('unavailable', 'The source is paused. Send the event again later.', {
      headers: { 'retry-after': String(RETRY_PAUSED_SECONDS) },
    })
  }
}

/** Asked after handshakes, which come by any method. */
export function guardMethod(source: Source, method: string): void {
  const allowed = source.settings.allowedMethods ?? defaultMethods(source)
  if (allowed === undefined || allowed.includes(method)) return
  throw new ProblemError('method_not_allowed', `This source takes ${allowed.join(', ')}.`, {
    headers: { allow: allowed.join(', ') },
  })
}

export function notFound(): ProblemError {
  return new ProblemError('not_found', 'There is no source at this URL. Check the id in the path.')
}

/** The sender's address as the platform saw it; never a header that the sender could write. */
export function addressOf(request: Request): string | null {
  return request.headers.get('cf-connecting-ip')
}

function defaultMethods({ provider, settings }: Source): readonly string[] | undefined {
  if (provider.startsWith('generic') || findProvider(provider)?.scheme === undefined) return undefined
  return settings.verification === 'required' ? SIGNED_METHODS : WRITING_METHODS
}

function isWithin(ip: string | null, cidrs: readonly string[]): boolean {
  if (ip === null || !ipaddr.isValid(ip)) return false
  const address = ipaddr.process(ip)
  return cidrs.some((cidr) => {
    const [network, bits] = cidr.includes('/') ? ipaddr.parseCIDR(cidr) : single(cidr)
    return network.kind() === address.kind() && address.match(network, bits)
  })
}

function single(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const address = ipaddr.process(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

function isEqual(a: string, b: string): boolean {
  return equalConstantTime(utf8(a), utf8(b))
}

function addressRefused(): ProblemError {
  return new ProblemError('address_refused', 'The source does not accept requests from this address.')
}
