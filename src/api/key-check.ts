import { CompactEncrypt, importJWK, importPKCS8, importSPKI, SignJWT, type JWK } from 'jose'
import type { Auth } from '../model/auth.ts'
import type { RequestSettings } from '../model/delivery-request.ts'
import type { Encryption } from '../model/encryption.ts'
import type { FieldError } from '../model/problem.ts'
import { MASK } from '../model/seal.ts'

/** Tries each key once, since a delivery would be the wrong time to learn that it is of another kind or too short. */
export async function keyFaults({ auth, encryption }: RequestSettings): Promise<FieldError[]> {
  return [...(await jwtFaults(auth)), ...(encryption === null ? [] : await encryptionFaults(encryption))]
}

async function jwtFaults(auth: Auth): Promise<FieldError[]> {
  if (auth.type !== 'jwt' || auth.alg === 'HS256' || auth.key === MASK) return []
  const { alg, key } = auth
  try {
    await new SignJWT({}).setProtectedHeader({ alg }).sign(await importPKCS8(key, alg))
    return []
  } catch {
    return [{ path: 'auth.key', message: `must be a private key for ${alg}, PKCS #8 in PEM` }]
  }
}

async function encryptionFaults(encryption: Encryption): Promise<FieldError[]> {
  const { alg, enc } = encryption
  try {
    const key =
      'pem' in encryption
        ? await importSPKI(encryption.pem.trim(), alg)
        : await importJWK(encryption.jwk as JWK, alg)
    await new CompactEncrypt(new Uint8Array(0)).setProtectedHeader({ alg, enc }).encrypt(key)
    return []
  } catch {
    const path = 'pem' in encryption ? 'encryption.pem' : 'encryption.jwk'
    return [{ path, message: `must be a public key that ${alg} can use` }]
  }
}
