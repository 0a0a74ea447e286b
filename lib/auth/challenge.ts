// Challenges, which tell a client to authorize first (RFC 6750 3, RFC 9728 5.1).

/** The contents of a challenge. */
export interface Challenge {
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
  readonly description?: string
  /** All scopes that the request needs. */
  readonly scopes?: readonly string[]
  /** The URL of the protected resource's metadata. */
  readonly metadataUrl?: string | undefined
}

/** Encodes the value of a `WWW-Authenticate` header. */
export function encodeChallenge ({ error, description, scopes = [], metadataUrl }: Challenge): string {
  const params = { error, error_description: description, scope: scopes.join(' '), resource_metadata: metadataUrl }
  const written = Object.entries(params)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}="${toQuotable(String(value))}"`)
  return written.length === 0 ? 'Bearer' : `Bearer ${written.join(', ')}`
}

// RFC 6750 3 allows no other characters in a description.
function toQuotable (value: string): string {
  return value.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?')
}
