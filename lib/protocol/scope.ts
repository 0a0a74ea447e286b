// Scopes of access tokens.

// RFC 6749 3.3: scope-token.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Tells whether a value is one scope. */
export function isScope (value: unknown): value is string {
  return typeof value === 'string' && SCOPE.test(value)
}

/** Tells whether all scopes needed are among those that a caller has. */
export function hasScopes (needed: readonly string[], scopes: readonly string[]): boolean {
  return needed.every((scope) => scopes.includes(scope))
}
