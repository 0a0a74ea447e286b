// An authorization request that the user is asked about, with all that is known of it.
import type { Account } from './accounts.ts'
import type { Client, Interaction } from './peers.ts'
import type { ServerParts } from './provider.ts'
import type { TrustingResource } from './resources.ts'

/** An authorization request that a signed-in user is asked about. */
export interface ConsentRequest {
  readonly account: Account
  readonly client: Client
  readonly clientId: string
  readonly redirectUri: string
  /** The resource as the client wrote it. */
  readonly requested: string
  readonly resource: TrustingResource
  /** The scopes that the client asks for and the user may grant. */
  readonly scopes: readonly string[]
  /** The scopes that the client asks for and the user may not grant. */
  readonly refused: readonly string[]
}

/** Reads an authorization request; undefined if its user, client or resource is gone. */
export async function readConsentRequest (
  { session, params }: Interaction, { settings, accounts, findResource, provider }: ServerParts
): Promise<ConsentRequest | undefined> {
  const { client_id: clientId, redirect_uri: redirectUri, resource: requested } = params
  // The provider has checked them.
  if (typeof clientId !== 'string' || typeof redirectUri !== 'string') return undefined
  if (typeof requested !== 'string') return undefined
  const account = await accounts.find(session?.accountId ?? '')
  const client = await provider.Client.find(clientId)
  const resource = await findResource(requested)
  if (account === undefined || client === undefined || resource === undefined) return undefined
  const known = new Set([...Object.keys(settings.scopes), ...resource.scopes])
  const asked = String(params['scope'] ?? '').split(' ').filter((scope) => known.has(scope))
  const mayGrant = (scope: string): boolean => account.scopes === undefined || account.scopes.includes(scope)
  return {
    account,
    client,
    clientId,
    redirectUri,
    requested,
    resource,
    scopes: asked.filter(mayGrant),
    refused: asked.filter((scope) => !mayGrant(scope))
  }
}
