// Authentication at one URL of a mount.
import type { ResolvedAuth } from './auth-options.ts'
import { Authenticator } from './authenticator.ts'
import { createResources, type Resources } from './resource.ts'

/** How callers are authenticated at one URL of a mount. */
export interface EndpointAuth {
  /** Authenticates the callers; undefined if everybody may call. */
  readonly auth: Authenticator | undefined
  /** The resources that access tokens are issued for; undefined if the mount takes no tokens. */
  readonly resources: Resources | undefined
}

/**
 * Creates the authentication at one URL.
 * @param path The path of the URL, with all prefixes.
 * @throws MCP_ERR_INVALID_OPTION for a path with a parameter that is not a whole segment.
 */
export function createEndpointAuth (
  auth: ResolvedAuth | undefined, publicUrl: URL | undefined, path: string
): EndpointAuth {
  const takesTokens = auth !== undefined && 'verify' in auth && publicUrl !== undefined
  const resources = takesTokens ? createResources(publicUrl, path) : undefined
  return { auth: auth && new Authenticator(auth, resources), resources }
}
