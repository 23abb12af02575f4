import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** A certificate with its key, as a server is given them; each is made anew, so no key lies in the repository. */
export interface Certificate {
  cert: string
  key: string
}

interface Wanted {
  /** The name of the server, or of the authority. */
  name: string
  issuer?: Authority
  isAuthority?: boolean
  /** By default it began yesterday and ends tomorrow. */
  validFrom?: number
  validUntil?: number
}

type Authority = Certificate & { name: string; privateKey: KeyObject }

const DAY_MS = 86_400_000
const OID = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
}

/** An X.509 certificate (RFC 5280) that is signed by its issuer, by default by itself. */
export function makeCertificate({ name, issuer, isAuthority = false, ...times }: Wanted): Authority {
  const { validFrom = Date.now() - DAY_MS, validUntil = Date.now() + DAY_MS } = times
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(OID.ecdsaWithSha256))
  const extension = isAuthority
    ? sequence(oid(OID.basicConstraints), octets(sequence(der(0x01, Buffer.of(0xff)))))
    : sequence(oid(OID.subjectAltName), octets(sequence(der(0x82, Buffer.from(name)))))
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer?.name ?? name),
    sequence(time(validFrom), time(validUntil)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  )
  const signature = sign('sha256', content, issuer?.privateKey ?? privateKey)
  const bits = der(0x03, Buffer.concat([Buffer.of(0), signature]))
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return { name, privateKey, key, cert: pem(sequence(content, algorithm, bits)) }
}

function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const length = body.length
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...head), body])
}

const sequence = (...content: Buffer[]) => der(0x30, ...content)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const octets = (content: Buffer) => der(0x04, content)

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid(OID.commonName), der(0x0c, Buffer.from(name)))))
}

/** UTCTime, which suffices until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${digits}Z`))
}

function pem(content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
