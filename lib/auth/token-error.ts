// Why a token could not be accepted: because of the token, or because of whoever was to judge it.

/**
 * A token is not valid; thrown by `verify`. The client gets 401 `invalid_token`.
 *
 * @example throw new InvalidTokenError('The token was revoked')
 */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError'
}

/** Nobody can tell at the moment whether a token is valid; thrown by `verify`. The client gets 503 and may try again. */
export class VerifierUnavailableError extends Error {
  override readonly name = 'VerifierUnavailableError'
}

/** Whether an error means that the token is not valid: one of ours, or one of the official SDK's. */
export function isInvalidToken (error: unknown): error is Error {
  if (error instanceof InvalidTokenError) return true
  const { errorCode, code }: { readonly errorCode?: unknown, readonly code?: unknown } = Object(error)
  return error instanceof Error && (errorCode === 'invalid_token' || code === 'invalid_token')
}
