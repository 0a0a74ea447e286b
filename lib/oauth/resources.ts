// The mounts for which tokens are issued, found by the metadata that they serve (RFC 9728).
import type { FastifyInstance } from 'fastify'
import { coversResource, WELL_KNOWN } from '../auth/resource.ts'

/** A mount that trusts the authorization server. */
export interface TrustingResource {
  /** Its identifier, which is the audience of its tokens. */
  readonly id: string
  /** The name that it shows to users. */
  readonly name: string
  /** The scopes that it lists. */
  readonly scopes: readonly string[]
}

/** Finds the mount that a client asks a token for; undefined if no mount with that URL trusts the issuer. */
export type FindResource = (requested: string) => Promise<TrustingResource | undefined>

/** Creates the function that finds mounts, by a request to the app itself. */
export function createResourceFinder (app: FastifyInstance, issuer: string, publicUrl: URL): FindResource {
  return async function findResource (requested) {
    if (!URL.canParse(requested)) return undefined
    const { origin, pathname, search, hash } = new URL(requested)
    if (origin !== publicUrl.origin || search !== '' || hash !== '') return undefined
    const url = WELL_KNOWN + pathname.replace(/\/$/, '')
    const response = await app.inject({ method: 'GET', url, headers: { host: publicUrl.host } })
    if (response.statusCode !== 200) return undefined
    const {
      resource, resource_name: name, authorization_servers: servers, scopes_supported: scopes = []
    }: Record<string, unknown> = Object(response.json())
    // The same as a mount compares `aud` with.
    if (typeof resource !== 'string' || !coversResource(requested, [resource])) return undefined
    if (!Array.isArray(servers) || !servers.includes(issuer) || !Array.isArray(scopes)) return undefined
    return { id: resource, name: typeof name === 'string' ? name : resource, scopes: scopes.map(String) }
  }
}
