// The scopes of access tokens.

// RFC 6749 3.3: scope-token.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** Whether a value is a scope. */
export function isScope (value: unknown): value is string {
  return typeof value === 'string' && SCOPE.test(value)
}

/** Whether a caller with `scopes` has all the needed ones. */
export function hasScopes (needed: readonly string[], scopes: readonly string[]): boolean {
  return needed.every((scope) => scopes.includes(scope))
}
