// The metadata that clients state about themselves, by registration (RFC 7591) or in a document at their client id.
import { findRedirectProblem, isLocalRedirect, type RedirectRules } from './redirect-uri.ts'

/** Metadata that is good, or why it is not, as RFC 7591 3.2.2 encodes it. */
export type CheckedMetadata =
  | { readonly metadata: Readonly<Record<string, unknown>> & { readonly grant_types: readonly string[] } }
  | { readonly error: 'invalid_redirect_uri' | 'invalid_client_metadata', readonly problem: string }

const MAX_REDIRECT_URIS = 16
const MAX_NAME = 100
/** How clients that register may authenticate. */
const REGISTERED = ['none', 'client_secret_basic', 'client_secret_post']

// Controls, invisible characters, and those that change the direction of text: with them a name can look like another.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu

/**
 * Checks the metadata of a client. Only members that this server uses are kept, so no client makes the server show a
 * picture, or fetch a URL other than that of its keys.
 * @param authMethods How the client may authenticate.
 */
export function checkClientMetadata (
  given: unknown, rules: RedirectRules, authMethods: readonly string[] = REGISTERED
): CheckedMetadata {
  const {
    redirect_uris: redirectUris, client_name: name, token_endpoint_auth_method: method = 'none',
    dpop_bound_access_tokens: isBound
  }: Record<string, unknown> = Object(given)
  if (!Array.isArray(redirectUris) || redirectUris.length === 0 || redirectUris.length > MAX_REDIRECT_URIS) {
    return { error: 'invalid_redirect_uri', problem: `redirect_uris must have 1 to ${MAX_REDIRECT_URIS} entries` }
  }
  for (const uri of redirectUris) {
    const problem = findRedirectProblem(uri, rules)
    if (problem !== undefined) return { error: 'invalid_redirect_uri', problem: `a redirect URI ${problem}` }
  }
  if (!authMethods.includes(String(method))) {
    const problem = `token_endpoint_auth_method must be ${authMethods.join(' or ')}`
    return { error: 'invalid_client_metadata', problem }
  }
  const shown = cleanName(name)
  return {
    metadata: {
      redirect_uris: redirectUris,
      token_endpoint_auth_method: method,
      // RFC 8252 7.3: only clients of this type may use any port of loopback.
      application_type: redirectUris.some(isLocalRedirect) ? 'native' : 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      ...(shown !== '' && { client_name: shown }),
      ...(isBound === true && { dpop_bound_access_tokens: true })
    }
  }
}

/** Makes the name of a client safe to show: one line of visible characters, of limited length. */
export function cleanName (name: unknown): string {
  if (typeof name !== 'string') return ''
  return [...name.replace(/\s+/g, ' ').replace(UNSAFE, '').trim()].slice(0, MAX_NAME).join('')
}
