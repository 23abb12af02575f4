import ipaddr from 'ipaddr.js'
import { err, ok, type Result } from './result.ts'

export type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number]

export interface TargetRefusal {
  reason: 'bad_url' | 'private_address'
  /** What is wrong and what to do; holds no more of the URL than its host. */
  detail: string
}

/** A target that is spelled acceptably. `resolve`: its name must still be resolved and each address checked. */
export interface Target {
  url: URL
  resolve: string | undefined
}

/** Names that mean this machine or this network, whatever a resolver says (RFC 6761, RFC 6762, RFC 8375, cloud metadata). */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|home\.arpa|lan|intranet|corp|private|onion)$/

/** Parses `HOOKWAY_ALLOW_TARGETS`; throws on a malformed CIDR, since a typing error must not open or close a network silently. */
export function parseCidrs(list: string): Cidr[] {
  return list
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      // The parser itself reads 10/8 as 0.0.0.10/8.
      if (!each.includes('/') || !isNetwork(each))
        throw new Error(`${each} is not a network such as 10.0.0.0/8`)
      return ipaddr.parseCIDR(each) as Cidr
    })
}

/** An address, or a network in CIDR notation, as people write them: four decimal parts, or IPv6. */
export function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  if (rest.length > 0 || !(ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address))) {
    return false
  }
  return bits === undefined || ipaddr.isValidCIDR(text)
}

/**
 * Checks how a target is spelled. Refused: anything but https (http only towards allowed networks), credentials, an
 * address outside the public unicast space, and every spelling of an address or name that is not its canonical one
 * (decimal, octal, hex, short, IPv4-mapped, trailing dot): no honest endpoint is written like that.
 */
export function parseTarget(text: string, allow: readonly Cidr[]): Result<Target, TargetRefusal> {
  if (!URL.canParse(text)) return refuse('bad_url', 'The URL cannot be parsed. Give an absolute https URL.')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return refuse('bad_url', 'Only https URLs are delivered to.')
  if (url.username !== '' || url.password !== '') {
    return refuse('bad_url', 'Credentials in a URL end up in logs. Use `headers` or `auth` instead.')
  }
  const written = writtenHost(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (written === undefined || host === '') return refuse('bad_url', 'The URL has no host.')
  if (ipaddr.isValid(host)) return parseAddressTarget({ url, host, written, allow })
  return parseNamedTarget({ url, host, written, allow })
}

/** Whether an address (as a resolver gives it) may be reached. */
export function checkAddress(address: string, allow: readonly Cidr[]): Result<void, TargetRefusal> {
  if (!ipaddr.isValid(address))
    return refuse('private_address', 'The resolver gave something that is not an address.')
  const parsed = ipaddr.process(address)
  if (isAllowed(parsed, allow) || isPublic(parsed)) return ok(undefined)
  return refuse(
    'private_address',
    `The host resolves to a ${parsed.range()} address, which is not a permitted target.`,
  )
}

/** Whether every one of the addresses is explicitly allowed, which is what permits plain http. */
export function areAllowed(addresses: readonly string[], allow: readonly Cidr[]): boolean {
  return (
    addresses.length > 0 &&
    addresses.every((each) => ipaddr.isValid(each) && isAllowed(ipaddr.process(each), allow))
  )
}

interface Spelled {
  url: URL
  host: string
  written: string
  allow: readonly Cidr[]
}

function parseAddressTarget({ url, host, written, allow }: Spelled): Result<Target, TargetRefusal> {
  const address = ipaddr.process(host)
  const isMapped = ipaddr.parse(host).kind() !== address.kind()
  if (isMapped || (address.kind() === 'ipv4' && written !== host)) {
    return refuse('private_address', 'The address is not written in its usual form. Use a host name.')
  }
  const allowed = isAllowed(address, allow)
  if (!allowed && !isPublic(address)) {
    return refuse('private_address', `The address is ${address.range()}, which is not a permitted target.`)
  }
  if (!allowed && url.protocol === 'http:')
    return refuse('bad_url', 'Plain http is not delivered to. Use https.')
  return ok({ url, resolve: undefined })
}

function parseNamedTarget({ url, host, written, allow }: Spelled): Result<Target, TargetRefusal> {
  if (host.endsWith('.') || written.endsWith('.')) {
    return refuse('private_address', 'The host name ends with a dot. Write it without.')
  }
  if (host === 'localhost' && areAllowed(['127.0.0.1', '::1'], allow)) return ok({ url, resolve: undefined })
  if (PRIVATE_NAMES.test(host) || !host.includes('.')) {
    return refuse('private_address', 'The host name belongs to a private network. Use a public name.')
  }
  const embedded = embeddedAddress(host)
  if (embedded !== undefined) {
    const checked = checkAddress(embedded, allow)
    if (!checked.ok) return checked
  }
  if (url.protocol === 'http:' && allow.length === 0)
    return refuse('bad_url', 'Plain http is not delivered to. Use https.')
  return ok({ url, resolve: host })
}

/** The address that wildcard resolvers (nip.io and its kind) read out of a name: dotted or dashed, before the domain. */
function embeddedAddress(host: string): string | undefined {
  if (/(^|\.)(localtest\.me|lvh\.me|vcap\.me|lacolhost\.com)$/.test(host)) return '127.0.0.1'
  if (!/(^|\.)(nip\.io|sslip\.io|xip\.io|traefik\.me)$/.test(host)) return undefined
  const dotted = /(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})/.exec(host)
  if (dotted) return dotted.slice(1).join('.')
  const hex = /(?:^|\.|-)([0-9a-f]{8})\./.exec(host)?.[1]
  return hex === undefined
    ? '127.0.0.1'
    : [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
}

/** The host exactly as written, in lower case, since the URL parser has already forgiven every odd spelling. */
function writtenHost(text: string): string | undefined {
  const authority = /^\s*[a-z][a-z0-9+.-]*:[\\/]*([^\\/?#]*)/i.exec(text)?.[1]
  return authority
    ?.replace(/^.*@/, '')
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase()
}

function isAllowed(address: ipaddr.IPv4 | ipaddr.IPv6, allow: readonly Cidr[]): boolean {
  return allow.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
}

/** All that IANA has given out as global unicast; outside lie spellings of IPv4 addresses that are no longer in use. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** Public unicast only. ipaddr.js names every special range of RFC 6890; what it calls `unicast` is the rest. */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST[0], GLOBAL_UNICAST[1])
}

function refuse(reason: TargetRefusal['reason'], detail: string): { ok: false; error: TargetRefusal } {
  return err({ reason, detail })
}
