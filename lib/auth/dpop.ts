// Checks that a caller has the key to which its token is bound (RFC 9449, DPoP).
import { createHash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import { createReplayCheck } from './replay-check.ts'

/** The signature algorithms that proofs may have. All are asymmetric. */
export const PROOF_ALGORITHMS: readonly string[] = Object.freeze(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519',
  'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'])

/** By how many milliseconds the time of a proof may differ from ours (draft of the DPoP profile for MCP). */
export const WINDOW = 5 * 60 * 1000
/** How many proofs are remembered. */
const MAX_PROOFS = 100_000

/** The proof of a request is missing or not valid. The client gets 401 `invalid_dpop_proof`. */
export class InvalidProofError extends Error {
  override readonly name = 'InvalidProofError'
}

/** A proof, and the request that it must have been made for. */
export interface Proof {
  /** The `DPoP` header. */
  readonly jwt: unknown
  /** The access token; undefined for a request to an authorization server. */
  readonly token?: string
  readonly method: string
  /** The public URL of the request. A query is ignored. */
  readonly url: string
}

/** A proof that is good, if it has not been used before. */
export interface Proven {
  /** The thumbprint of the key that signed the proof. */
  readonly thumbprint: string
  readonly jti: string
}

/**
 * Checks a proof, and that it was signed by the key with a thumbprint.
 * @throws InvalidProofError
 */
export type CheckProof = (proof: Proof, thumbprint: string) => Promise<void>

/** Returns the thumbprint of the key that a token is bound to, by the claims in its AuthInfo; undefined if to none. */
export function readThumbprint (info: unknown): string | undefined {
  const { jkt }: { readonly jkt?: unknown } = Object(Object(Object(info).extra).cnf)
  return typeof jkt === 'string' ? jkt : undefined
}

/**
 * Creates the function that checks proofs. Each proof is accepted once, by this process: the last 100,000 are known.
 * @param now The clock, in milliseconds.
 */
export function createProofCheck (now: () => number): CheckProof {
  const isNew = createReplayCheck({ max: MAX_PROOFS, ttl: 2 * WINDOW }, now)

  return async function checkProof (proof, thumbprint) {
    const { thumbprint: signer, jti } = await verifyProof(proof, now())
    if (signer !== thumbprint) throw new InvalidProofError('The proof is signed by another key than that of the token')
    // The last check, so that only a proof that is good in all other respects is remembered.
    if (!isNew(`${signer} ${jti}`)) throw new InvalidProofError('The proof has been used before')
  }
}

/**
 * Checks everything about a proof but whether it has been used before.
 * @param now The time, in milliseconds.
 * @throws InvalidProofError
 */
export async function verifyProof ({ jwt, token, method, url }: Proof, now: number): Promise<Proven> {
  if (typeof jwt !== 'string') throw new InvalidProofError('The DPoP header is missing')
  const { payload, thumbprint } = await verifySignature(jwt, now)
  const { jti, htm, htu, iat, ath } = payload
  if (typeof iat !== 'number' || Math.abs(iat * 1000 - now) > WINDOW) {
    throw new InvalidProofError("The proof has no 'iat' within five minutes of now")
  }
  if (htm !== method) throw new InvalidProofError('The proof is for another method')
  if (!isSameUrl(htu, url)) throw new InvalidProofError('The proof is for another URL')
  if (token !== undefined && ath !== createHash('sha256').update(token).digest('base64url')) {
    throw new InvalidProofError('The proof is for another token')
  }
  if (typeof jti !== 'string' || jti === '') throw new InvalidProofError("The proof has no 'jti'")
  return { thumbprint, jti }
}

async function verifySignature (jwt: string, now: number): Promise<{ payload: JWTPayload, thumbprint: string }> {
  // A mount without proofs does not load jose for them.
  const { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } = await import('jose')
  const options = { algorithms: [...PROOF_ALGORITHMS], typ: 'dpop+jwt', currentDate: new Date(now) }
  try {
    const { payload, protectedHeader: { jwk } } = await jwtVerify(jwt, EmbeddedJWK, options)
    // EmbeddedJWK refuses a header without a key.
    return { payload, thumbprint: await calculateJwkThumbprint(jwk ?? {}) }
  } catch (cause) {
    throw new InvalidProofError('The proof is not valid', { cause })
  }
}

// RFC 9449 4.3: query and fragment do not count, and both URLs are normalized before they are compared.
function isSameUrl (claimed: unknown, url: string): boolean {
  if (typeof claimed !== 'string' || !URL.canParse(claimed) || !URL.canParse(url)) return false
  const [a, b] = [new URL(claimed), new URL(url)]
  for (const one of [a, b]) {
    one.search = ''
    one.hash = ''
  }
  return a.href === b.href
}
