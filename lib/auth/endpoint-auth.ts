// Authentication at one URL of a mount.
import type { AuthOptions } from './auth-options.ts'
import { Authenticator } from './authenticator.ts'
import { createResources, type Resources } from './resource.ts'

/** How callers are authenticated at one URL of a mount. */
export interface EndpointAuth {
  /** Authenticates the callers; absent where everybody may pass. */
  readonly auth: Authenticator | undefined
  /** What access tokens are issued for; absent where there are none. */
  readonly resources: Resources | undefined
}

/**
 * Creates the authentication at one URL.
 * @param path The path of the URL, with all prefixes.
 * @throws MCP_ERR_INVALID_OPTION for a path whose parameters are more than whole segments.
 */
export function createEndpointAuth (auth: AuthOptions | undefined, publicUrl: URL | undefined, path: string): EndpointAuth {
  const resources = auth !== undefined && 'verify' in auth && publicUrl !== undefined ? createResources(publicUrl, path) : undefined
  return { auth: auth && new Authenticator(auth, resources), resources }
}
