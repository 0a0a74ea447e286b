// Serves the metadata of a mount as a protected resource (RFC 9728), at the root of its origin.
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { ResolvedTokenAuth } from '../../auth/auth-options.ts'
import { PROOF_ALGORITHMS } from '../../auth/dpop.ts'
import { WELL_KNOWN, type PathParams, type Resources } from '../../auth/resource.ts'
import { MCP_ERR_INVALID_OPTION } from '../../errors.ts'
import { undocumented } from './api-document.ts'
import { listUrls } from '../endpoint-urls.ts'
import { OPEN_TO_ANY_PAGE } from '../guard/open-cors.ts'
import { hasDotSegment, listParamNames } from '../guard/path-params.ts'
import { sendJson } from '../reply/reply.ts'
import { findRoot } from '../../root.ts'

/** The settings of the metadata routes of one resource. */
export interface MetadataSettings {
  readonly auth: ResolvedTokenAuth
  readonly resources: Resources
  /** The `resource_name` if `auth` has none. */
  readonly name: string
  readonly constraints?: RouteShorthandOptions['constraints']
  readonly logLevel?: RouteShorthandOptions['logLevel']
}

// Seconds for which a client may cache the metadata.
const MAX_AGE = 3600

/**
 * Adds the routes of a mount's metadata to the root of the app, so that neither the prefixes nor the hooks of the
 * mount's scope apply.
 *
 * @throws MCP_ERR_INVALID_OPTION if the alias is taken, or if it is set although the mount's path has parameters.
 */
export function addMetadataRoutes (
  app: FastifyInstance, { auth, resources, name, constraints = {}, logLevel }: MetadataSettings
): void {
  const root = findRoot(app)
  const fields = describe(auth, name)
  const params = listParamNames(resources.metadataPath)
  const paths = new Set([resources.metadataPath, ...auth.wellKnownAlias === true ? [WELL_KNOWN] : []])
  if (resources.isMany && paths.size > 1) {
    const problem = "has a 'wellKnownAlias', but a path with parameters has no single document to serve there; " +
      'leave it out'
    throw new MCP_ERR_INVALID_OPTION('auth', problem)
  }

  for (const url of [...paths].flatMap((path) => listUrls(root, path))) {
    if (root.hasRoute({ method: 'GET', url, constraints })) {
      const problem = `cannot serve its metadata at '${url}', which is taken; ` +
        "'wellKnownAlias' is for one mount of an app"
      throw new MCP_ERR_INVALID_OPTION('auth', problem)
    }
    root.route({
      ...OPEN_TO_ANY_PAGE,
      method: ['GET', 'OPTIONS'],
      url,
      constraints,
      ...(logLevel !== undefined && { logLevel }),
      schema: undocumented(),
      handler: serveMetadata
    })
  }

  function serveMetadata (request: FastifyRequest, reply: FastifyReply): void {
    if (hasDotSegment(request, params)) return reply.callNotFound()
    // Fastify types `params` as unknown, and parses them from the path.
    const { id } = resources.find(request.params as PathParams)
    const body = JSON.stringify({ resource: id, ...fields })
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
    reply.headers({ 'cache-control': `public, max-age=${MAX_AGE}`, etag })
    if (request.headers['if-none-match'] === etag) reply.code(304).send()
    else sendJson(reply, body)
  }
}

// RFC 9728 2.
function describe (auth: ResolvedTokenAuth, name: string): object {
  const { authorizationServers, requiredScopes, scopesSupported = requiredScopes } = auth
  const { resourceDocumentation, resourcePolicyUri, resourceTosUri } = auth
  return {
    authorization_servers: authorizationServers,
    // An empty array would mean that there are no scopes; JSON.stringify leaves out undefined.
    scopes_supported: scopesSupported?.length === 0 ? undefined : scopesSupported,
    bearer_methods_supported: ['header'],
    resource_name: auth.resourceName ?? name,
    resource_documentation: resourceDocumentation,
    resource_policy_uri: resourcePolicyUri,
    resource_tos_uri: resourceTosUri,
    ...(auth.dpop !== undefined && {
      dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
      dpop_bound_access_tokens_required: auth.dpop === 'require'
    })
  }
}
