// The errors of verifiers: the token is not valid, or its validity cannot be determined.

/**
 * A token is not valid. Thrown by `verify`; the client gets 401 `invalid_token`.
 *
 * @example throw new InvalidTokenError('The token was revoked')
 */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError'
}

/**
 * It cannot be determined at the moment whether a token is valid. Thrown by `verify`; the client gets 503.
 *
 * @example throw new VerifierUnavailableError('the authorization server is unreachable')
 */
export class VerifierUnavailableError extends Error {
  override readonly name = 'VerifierUnavailableError'
}

/** Whether an error says that a token is not valid: an {@link InvalidTokenError}, or an error of the official SDK. */
export function isInvalidToken (error: unknown): error is Error {
  if (error instanceof InvalidTokenError) return true
  const { errorCode, code }: { readonly errorCode?: unknown, readonly code?: unknown } = Object(error)
  return error instanceof Error && (errorCode === 'invalid_token' || code === 'invalid_token')
}
