// Describes to oidc-provider the mounts that tokens are for.
import type { Account } from './accounts.ts'
import { SIGNING } from './keys.ts'
import type { ServerSettings } from './settings.ts'
import { toSeconds, type Client, type ProviderModule } from './peers.ts'
import type { FindResource } from './resources.ts'

/** The parts that a description is made from. */
export interface ResourceParts {
  readonly settings: Pick<ServerSettings, 'clients' | 'scopes' | 'lifetimes'>
  readonly findResource: FindResource
}

/** The parts of the context of a request for a resource that are used. */
export interface ResourceContext {
  readonly oidc: {
    readonly client: Pick<Client, 'clientId'>
    readonly params?: Readonly<Record<string, unknown>>
    readonly account?: Pick<Account, 'scopes'>
  }
}

/** Describes a resource to the provider. @throws InvalidTarget if there is no such resource. */
export type DescribeResource = (ctx: ResourceContext, requested: string) => Promise<{ readonly scope: string }>

/** Creates the function that describes the resources that tokens are for. */
export function createResourceDescription (
  { settings, findResource }: ResourceParts, { InvalidTarget }: ProviderModule['errors']
): DescribeResource {
  // The scopes of clients that act for themselves.
  const ownScopes = new Map(settings.clients.map((client) => [client.clientId, client.ownScopes ?? []]))

  return async function describeResource ({ oidc: { client, params, account } }, requested) {
    if (Array.isArray(params?.['resource'])) throw new InvalidTarget('ask for one resource at a time')
    const resource = await findResource(requested)
    if (resource === undefined) throw new InvalidTarget('there is no such resource here')
    const scopes = params?.['grant_type'] === 'client_credentials'
      ? ownScopes.get(client.clientId) ?? []
      : [...new Set([...Object.keys(settings.scopes), ...resource.scopes])]
    // The user may have lost a scope since the consent.
    const mayHave = (scope: string): boolean =>
      params?.['grant_type'] === undefined || account?.scopes === undefined || account.scopes.includes(scope)
    return Object.freeze({
      audience: resource.id,
      scope: scopes.filter(mayHave).join(' '),
      accessTokenFormat: 'jwt',
      accessTokenTTL: toSeconds(settings.lifetimes.accessToken),
      jwt: { sign: { alg: SIGNING } }
    })
  }
}
