// A key of a client, and the proofs that it signs (RFC 9449).
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'

/** A key of a client. */
export interface ProofKey {
  /**
   * Returns a new proof for a POST.
   * @param token The access token; undefined for a request to an authorization server.
   */
  prove (url: string, token?: string): string
}

/** Creates a key. */
export function createProofKey (): ProofKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const header = encode({ alg: 'ES256', typ: 'dpop+jwt', jwk: publicKey.export({ format: 'jwk' }) })

  return {
    prove (url, token) {
      const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url')
      const payload = encode({ jti: randomUUID(), htm: 'POST', htu: url, iat: Math.floor(Date.now() / 1000), ath })
      const signed = `${header}.${payload}`
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return `${signed}.${signature.toString('base64url')}`
    }
  }
}

function encode (part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
