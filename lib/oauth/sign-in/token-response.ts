// The answer of a token endpoint (RFC 6749 5.1), as the tokens of a user.
import type { UpstreamTokens } from './sign-in.ts'

/** The members of the answer that are used. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type?: string
  readonly expires_in?: number
  readonly refresh_token?: string
  readonly scope?: string
}

/** Returns the tokens of an answer that has just come. */
export function toUpstreamTokens (response: TokenResponse): UpstreamTokens {
  const { access_token: accessToken, token_type: type, expires_in: expiresIn } = response
  const { refresh_token: refreshToken, scope } = response
  // GitHub separates scopes by commas.
  const scopes = scope?.split(/[ ,]+/).filter((one) => one !== '').join(' ')
  return {
    accessToken,
    // RFC 6749 5.1: its case has no meaning, but not every API knows that.
    tokenType: type === undefined || /^bearer$/i.test(type) ? 'Bearer' : type,
    ...(expiresIn !== undefined && { expiresAt: Math.floor(Date.now() / 1000) + Number(expiresIn) }),
    ...(refreshToken !== undefined && { refreshToken }),
    ...(scopes !== undefined && scopes !== '' && { scope: scopes })
  }
}
