// Providers of OpenID Connect by their names: nothing but the URL of the issuer sets them apart.
import { MCP_ERR_INVALID_OPTION } from '../../errors.ts'
import { oidc, type OidcOptions, type OidcUser } from './oidc.ts'
import type { SignIn } from './sign-in.ts'

/** Options of a preset: those of {@link oidc}, without the issuer. */
export type PresetOptions = Omit<OidcOptions, 'issuer'>

function hostOf (name: string, value: string): string {
  if (/^[a-z\d.-]+(?::\d+)?$/i.test(value)) return value
  throw new MCP_ERR_INVALID_OPTION(name, "must be a host name, such as 'acme.example.com'")
}

/** Signs users in with Google. */
export function google (options: PresetOptions): SignIn<OidcUser> {
  return oidc({ accountPrompt: 'select_account', ...options, issuer: 'https://accounts.google.com' })
}

/**
 * Signs users in with Microsoft Entra ID.
 * @param options `tenant` is the id of the directory: accounts of other directories cannot sign in.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function entra ({ tenant, ...options }: PresetOptions & { readonly tenant: string }): SignIn<OidcUser> {
  // The metadata of `common` and `organizations` names no issuer that an ID token has.
  if (!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(tenant)) {
    throw new MCP_ERR_INVALID_OPTION('entra.tenant', 'must be the id of a directory, a UUID')
  }
  const issuer = `https://login.microsoftonline.com/${tenant}/v2.0`
  return oidc({ accountPrompt: 'select_account', ...options, issuer })
}

/**
 * Signs users in with Auth0.
 * @param options `domain` is that of the tenant, such as `acme.eu.auth0.com`.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function auth0 ({ domain, ...options }: PresetOptions & { readonly domain: string }): SignIn<OidcUser> {
  return oidc({ ...options, issuer: `https://${hostOf('auth0.domain', domain)}/` })
}

/**
 * Signs users in with Okta.
 * @param options `domain` is that of the organization, such as `acme.okta.com`.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function okta ({ domain, ...options }: PresetOptions & { readonly domain: string }): SignIn<OidcUser> {
  return oidc({ ...options, issuer: `https://${hostOf('okta.domain', domain)}` })
}

/**
 * Signs users in with Keycloak.
 * @param options `url` is that of the server, such as `https://id.example.com`; `realm` is the name of the realm.
 */
export function keycloak (
  { url, realm, ...options }: PresetOptions & { readonly url: string, readonly realm: string }
): SignIn<OidcUser> {
  return oidc({ ...options, issuer: `${url.replace(/\/$/, '')}/realms/${encodeURIComponent(realm)}` })
}

/**
 * Signs users in with WorkOS AuthKit.
 * @param options `domain` is that of AuthKit, such as `acme.authkit.app`.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function workos ({ domain, ...options }: PresetOptions & { readonly domain: string }): SignIn<OidcUser> {
  return oidc({ ...options, issuer: `https://${hostOf('workos.domain', domain)}` })
}
