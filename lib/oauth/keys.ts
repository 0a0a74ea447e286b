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

// A number that is no private key of P-256 is as rare as one in 2^32; the next counter gives another.
function deriveSigningKey (secret: string): JWK & { readonly kty: 'EC' } {
  for (let counter = 0; ; counter++) {
    const d = derive(secret, `signing ${counter}`)
    const ecdh = createECDH('prime256v1')
    try {
      ecdh.setPrivateKey(d)
    } catch {
      continue
    }
    const point = ecdh.getPublicKey()
    const x = point.subarray(1, 33).toString('base64url')
    const y = point.subarray(33).toString('base64url')
    const kid = derive(secret, 'kid').subarray(0, 12).toString('base64url')
    return { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid, x, y, d: d.toString('base64url') }
  }
}
