// The challenges of RFC 6750 3 and RFC 9728 5.1: what a client is told that has to authorize first.

/** What a challenge may say. */
export interface Challenge {
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope'
  readonly description?: string
  /** The scopes needed, all of them at once. */
  readonly scopes?: readonly string[]
  /** Where the metadata of the protected resource is. */
  readonly metadataUrl?: string | undefined
}

/** Writes the value of a `WWW-Authenticate` header. */
export function encodeChallenge ({ error, description, scopes = [], metadataUrl }: Challenge): string {
  const params = { error, error_description: description, scope: scopes.join(' '), resource_metadata: metadataUrl }
  const written = Object.entries(params).flatMap(([name, value]) => value === undefined || value === '' ? [] : [`${name}="${toQuotable(value)}"`])
  return written.length === 0 ? 'Bearer' : `Bearer ${written.join(', ')}`
}

// RFC 6750 3: what else a description could hold has no place in a header.
function toQuotable (value: string): string {
  return value.replace(/["\\]/g, "'").replace(/[^\x20-\x7e]/g, '?')
}
