import { exportJWK, exportPKCS8, generateKeyPair, SignJWT } from 'jose'

export const GRAPH_APP = '8e460676-ae3f-4b1e-8790-ee0fb5d6148f'
const PUBLISHER = '0bf30f3b-4a52-48df-9a82-234910c4a086'

/** A stand-in for Microsoft Graph: it encrypts to a certificate and signs its tokens as the documentation says. */
export class Graph {
  /** Of the certificate that the owner gave when subscribing. */
  readonly privateKey: string
  /** As they stand at login.microsoftonline.com. */
  readonly jwks: { keys: object[] }
  readonly #publicKey: CryptoKey
  readonly #signing: CryptoKey

  private constructor(keys: { privateKey: string; publicKey: CryptoKey; signing: CryptoKey; jwk: object }) {
    this.privateKey = keys.privateKey
    this.#publicKey = keys.publicKey
    this.#signing = keys.signing
    this.jwks = { keys: [{ ...keys.jwk, kid: 'graph' }] }
  }

  static async open(): Promise<Graph> {
    const certificate = await generateKeyPair('RSA-OAEP', { extractable: true })
    const signing = await generateKeyPair('RS256', { extractable: true })
    return new Graph({
      privateKey: await exportPKCS8(certificate.privateKey),
      publicKey: certificate.publicKey,
      signing: signing.privateKey,
      jwk: await exportJWK(signing.publicKey),
    })
  }

  async encrypted(resource: unknown, certificateId = 'cert-1') {
    const secret = crypto.getRandomValues(new Uint8Array(32))
    const aes = await crypto.subtle.importKey('raw', secret, 'AES-CBC', false, ['encrypt'])
    const clear = new TextEncoder().encode(JSON.stringify(resource))
    const data = await crypto.subtle.encrypt({ name: 'AES-CBC', iv: secret.slice(0, 16) }, aes, clear)
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('raw', secret, hmac, false, ['sign'])
    return {
      data: base64(data),
      dataSignature: base64(await crypto.subtle.sign('HMAC', key, data)),
      dataKey: base64(await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, this.#publicKey, secret)),
      encryptionCertificateId: certificateId,
      encryptionCertificateThumbprint: '07293748CC064953A3052FB978C735FB89E61C3D',
    }
  }

  /** As the v2 endpoint makes them; with `appid` instead of `azp` as the v1 endpoint does. */
  async token(at: number, claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(at / 1000)
    return await new SignJWT({ aud: GRAPH_APP, azp: PUBLISHER, tid: 'tenant', ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'graph' })
      .setIssuedAt(now)
      .setExpirationTime(now + 3600)
      .sign(this.#signing)
  }
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}
