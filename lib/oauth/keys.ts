// The keys of the authorization server, all derived from the secrets of the `keys` option.
import {
  createCipheriv, createDecipheriv, createECDH, createHmac, hkdfSync, randomBytes, timingSafeEqual
} from 'node:crypto'
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from 'jose'

/** The algorithm that signs all tokens. */
export const SIGNING = 'ES256'

/** The keys of an authorization server. The first secret signs and encrypts; all of them verify and decrypt. */
export interface Keys {
  /** Sign cookies, and verify them. */
  readonly cookies: readonly string[]
  /** The private keys of access tokens, as a JWK Set. */
  readonly jwks: { readonly keys: readonly JWK[] }
  /** Finds the public key that verifies a token. */
  readonly findKey: JWTVerifyGetKey
  /** Identify the secrets to other processes, and give away nothing of them. */
  readonly fingerprints: readonly string[]
  /** Signs a text, for one purpose. */
  sign (purpose: string, text: string): string
  /** Returns whether a text was signed for a purpose. */
  isSigned (purpose: string, text: string, signature: string): boolean
  /** Encrypts a text. @param name The place where it is kept, which it is bound to. */
  seal (text: string, name: string): string
  /** Decrypts a text; undefined if it was encrypted for another place, or by none of the secrets. */
  open (sealed: string, name: string): string | undefined
}

/** Derives the keys of an authorization server, the same on all nodes. */
export function deriveKeys (secrets: readonly string[]): Keys {
  const keys = secrets.map(deriveSigningKey)
  const publicKeys = keys.map(({ d: _private, ...rest }) => rest)
  const macKeys = secrets.map((secret) => derive(secret, 'mac'))
  const mac = (key: Buffer, purpose: string, text: string): Buffer =>
    createHmac('sha256', key).update(`${purpose}\n${text}`).digest()
  const sealKeys = secrets.map((secret) => derive(secret, 'store'))

  return {
    cookies: secrets.map((secret) => derive(secret, 'cookies').toString('base64url')),
    jwks: { keys },
    findKey: createLocalJWKSet({ keys: publicKeys }),
    fingerprints: keys.map(({ kid }) => kid),
    sign (purpose, text) {
      return mac(first(macKeys), purpose, text).toString('base64url')
    },
    isSigned (purpose, text, signature) {
      const given = Buffer.from(signature, 'base64url')
      return macKeys.some((key) => {
        const expected = mac(key, purpose, text)
        return given.length === expected.length && timingSafeEqual(given, expected)
      })
    },
    seal: (text, name) => encrypt(first(sealKeys), text, name),
    open (sealed, name) {
      for (const key of sealKeys) {
        const text = decrypt(key, Buffer.from(sealed, 'base64url'), name)
        if (text !== undefined) return text
      }
      return undefined
    }
  }
}

function first (keys: readonly Buffer[]): Buffer {
  const [current] = keys
  if (current === undefined) throw new TypeError('there is no key')
  return current
}

const CIPHER = 'aes-256-gcm'
const SALT = 16
const NONCE = 12
const TAG = 16

// A key of its own for each text, since random nonces are safe for 2^32 texts of one key (NIST SP 800-38D 8.3).
function deriveOnce (key: Buffer, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, 'fastify-mcp-mount/oauth', 32))
}

function encrypt (key: Buffer, text: string, name: string): string {
  const [salt, nonce] = [randomBytes(SALT), randomBytes(NONCE)]
  const cipher = createCipheriv(CIPHER, deriveOnce(key, salt), nonce).setAAD(Buffer.from(name))
  const encrypted = [cipher.update(text, 'utf8'), cipher.final()]
  return Buffer.concat([salt, nonce, cipher.getAuthTag(), ...encrypted]).toString('base64url')
}

function decrypt (key: Buffer, sealed: Buffer, name: string): string | undefined {
  const text = SALT + NONCE + TAG
  try {
    const nonce = sealed.subarray(SALT, SALT + NONCE)
    const decipher = createDecipheriv(CIPHER, deriveOnce(key, sealed.subarray(0, SALT)), nonce, { authTagLength: TAG })
    decipher.setAAD(Buffer.from(name)).setAuthTag(sealed.subarray(SALT + NONCE, text))
    return Buffer.concat([decipher.update(sealed.subarray(text)), decipher.final()]).toString('utf8')
  } catch {
    // Cut short, changed, for another place, or of another key.
    return undefined
  }
}

function derive (secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'fastify-mcp-mount/oauth', purpose, 32))
}

const ORDER_OF_P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

// NIST SP 800-186 and FIPS 186-5 A.2.1: a number with 64 bits more than the order, so that each key is as likely.
function deriveSigningKey (secret: string): JWK & { readonly kty: 'EC', readonly kid: string } {
  const bytes = Buffer.from(hkdfSync('sha256', secret, 'fastify-mcp-mount/oauth', 'signing', 40))
  const number = BigInt(`0x${bytes.toString('hex')}`) % (ORDER_OF_P256 - 1n) + 1n
  const d = Buffer.from(number.toString(16).padStart(64, '0'), 'hex')
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(d)
  const point = ecdh.getPublicKey()
  const x = point.subarray(1, 33).toString('base64url')
  const y = point.subarray(33).toString('base64url')
  const kid = derive(secret, 'kid').subarray(0, 12).toString('base64url')
  return { kty: 'EC', crv: 'P-256', alg: SIGNING, use: 'sig', kid, x, y, d: d.toString('base64url') }
}
