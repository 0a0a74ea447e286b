// The clients that the app knows, and that need not register.
import { cleanName } from './client-metadata.ts'
import type { KnownClient } from './options.ts'
import { isLocalRedirect } from './redirect-uri.ts'

/** Returns the metadata of a client as oidc-provider takes it. */
export function toProviderClient ({ clientId, clientSecret, name, redirectUris }: KnownClient): object {
  return {
    client_id: clientId,
    client_name: cleanName(name ?? clientId),
    redirect_uris: [...redirectUris],
    application_type: redirectUris.some(isLocalRedirect) ? 'native' : 'web',
    token_endpoint_auth_method: clientSecret === undefined ? 'none' : 'client_secret_basic',
    ...(clientSecret !== undefined && { client_secret: clientSecret })
  }
}
