// Challenges, which tell a client to authorize first (RFC 6750 3, RFC 9728 5.1).

/** How callers send their tokens: bound to a key always, or only if they can. Undefined: as bearer tokens. */
export type ProofMode = 'accept' | 'require' | undefined

/** The contents of a challenge. */
export interface Challenge {
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'invalid_dpop_proof'
  readonly description?: string
  /** All scopes that the request needs. */
  readonly scopes?: readonly string[]
  /** The URL of the protected resource's metadata. */
  readonly metadataUrl?: string | undefined
}

/** Encodes the value of a `WWW-Authenticate` header for bearer tokens. */
export function encodeChallenge (challenge: Challenge): string {
  return encode('Bearer', listParams(challenge))
}

/**
 * Creates the function that encodes the challenges of a mount.
 * @param algorithms The algorithms of proofs.
 */
export function createChallengeEncoder (
  mode: ProofMode, algorithms: readonly string[]
): (challenge: Challenge) => string {
  if (mode === undefined) return encodeChallenge
  const algs = { algs: algorithms.join(' ') }
  // RFC 9449 7.2: a server that takes both challenges for both. Clients that know only bearer tokens read the first.
  return (challenge) => mode === 'require' || challenge.error === 'invalid_dpop_proof'
    ? encode('DPoP', { ...listParams(challenge), ...algs })
    : `${encodeChallenge(challenge)}, ${encode('DPoP', algs)}`
}

type Params = Readonly<Record<string, string | undefined>>

function listParams ({ error, description, scopes = [], metadataUrl }: Challenge): Params {
  return { error, error_description: description, scope: scopes.join(' '), resource_metadata: metadataUrl }
}

function encode (scheme: string, params: Params): string {
  const written = Object.entries(params)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}="${toQuotable(String(value))}"`)
  return written.length === 0 ? scheme : `${scheme} ${written.join(', ')}`
}

// RFC 6750 3 allows no other characters in a description.
function toQuotable (value: string): string {
  return value.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?')
}
