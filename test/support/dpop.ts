// A key of a client, and the proofs that it signs (RFC 9449).
import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'

/** What a proof is for, and what a test changes of it. */
export interface ProofOptions {
  readonly method?: string
  readonly url: string
  /** The access token; undefined for a request to an authorization server. */
  readonly token?: string | undefined
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

/** A key pair of a client. */
export interface ProofKey {
  readonly thumbprint: string
  readonly jwk: JWK
  readonly privateJwk: JWK
  prove (options: ProofOptions): Promise<string>
}

/** Creates a key. @param now The clock, in milliseconds. */
export async function createProofKey (algorithm = 'ES256', now = Date.now): Promise<ProofKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return {
    jwk,
    privateJwk: await exportJWK(privateKey),
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: async ({ method = 'POST', url, token, claims, header }) => {
      const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url')
      const payload = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(now() / 1000), ath, ...claims }
      const fields = { alg: algorithm, typ: 'dpop+jwt', jwk, ...header }
      return await new SignJWT(payload).setProtectedHeader(fields).sign(privateKey)
    }
  }
}
