// The keys of the authorization server, all derived from the secrets of the `keys` option.
import { createECDH, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { createLocalJWKSet, type JWK, type JWTVerifyGetKey } from 'jose'

/** The keys of an authorization server. The first secret signs; all of them verify. */
export interface Keys {
  /** Sign cookies, and verify them. */
  readonly cookies: readonly string[]
  /** The private keys of access tokens, as a JWK Set. */
  readonly jwks: { readonly keys: readonly JWK[] }
  /** Finds the public key that verifies a token. */
  readonly findKey: JWTVerifyGetKey
  /** Signs a text, for one purpose. */
  sign (purpose: string, text: string): string
  /** Returns whether a text was signed for a purpose. */
  isSigned (purpose: string, text: string, signature: string): boolean
}

/** Derives the keys of an authorization server, the same on all nodes. */
export function deriveKeys (secrets: readonly string[]): Keys {
  const keys = secrets.map(deriveSigningKey)
  const publicKeys = keys.map(({ d: _private, ...rest }) => rest)
  const macKeys = secrets.map((secret) => derive(secret, 'mac'))
  const mac = (key: Buffer, purpose: string, text: string): Buffer =>
    createHmac('sha256', key).update(`${purpose}\n${text}`).digest()

  return {
    cookies: secrets.map((secret) => derive(secret, 'cookies').toString('base64url')),
    jwks: { keys },
    findKey: createLocalJWKSet({ keys: publicKeys }),
    sign (purpose, text) {
      const [current] = macKeys
      if (current === undefined) throw new TypeError('there is no key')
      return mac(current, purpose, text).toString('base64url')
    },
    isSigned (purpose, text, signature) {
      const given = Buffer.from(signature, 'base64url')
      return macKeys.some((key) => {
        const expected = mac(key, purpose, text)
        return given.length === expected.length && timingSafeEqual(given, expected)
      })
    }
  }
}

function derive (secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'fastify-mcp-mount/oauth', purpose, 32))
}

const ORDER_OF_P256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

// NIST SP 800-186 and FIPS 186-5 A.2.1: a number with 64 bits more than the order, so that each key is as likely.
function deriveSigningKey (secret: string): JWK & { readonly kty: 'EC' } {
  const bytes = Buffer.from(hkdfSync('sha256', secret, 'fastify-mcp-mount/oauth', 'signing', 40))
  const number = BigInt(`0x${bytes.toString('hex')}`) % (ORDER_OF_P256 - 1n) + 1n
  const d = Buffer.from(number.toString(16).padStart(64, '0'), 'hex')
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(d)
  const point = ecdh.getPublicKey()
  const x = point.subarray(1, 33).toString('base64url')
  const y = point.subarray(33).toString('base64url')
  const kid = derive(secret, 'kid').subarray(0, 12).toString('base64url')
  return { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid, x, y, d: d.toString('base64url') }
}
