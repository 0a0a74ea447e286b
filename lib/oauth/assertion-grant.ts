// Exchanges what an identity provider asserts about a user for an access token
// (draft-ietf-oauth-identity-assertion-authz-grant, ID-JAG).
import { verifyProof, WINDOW } from '../auth/dpop.ts'
import type { Account } from './accounts.ts'
import { createAssertionVerifier, type Assertion } from './assertion-verifier.ts'
import type { ConfigurationParts } from './configuration.ts'
import { ROUTES } from './paths.ts'
import type { Provider, ProviderModule, TokenContext } from './peers.ts'
import type { DescribeResource } from './resource-description.ts'
import { SignInRefusedError } from './sign-in/sign-in.ts'

/** The parameters of the grant. */
export const ASSERTION_PARAMETERS: readonly string[] = ['assertion', 'resource', 'scope']

/** The parts that the grant uses. */
export interface GrantParts extends ConfigurationParts {
  readonly errors: ProviderModule['errors']
  readonly provider: Provider
  readonly describeResource: DescribeResource
}

/** Creates the handler of the grant. */
export function createAssertionGrant (parts: GrantParts): (ctx: TokenContext) => Promise<void> {
  const { settings, accounts, errors, provider, describeResource } = parts
  const verifyAssertion = createAssertionVerifier(settings, errors)

  async function admit ({ claims, toUser }: Assertion): Promise<Account> {
    return await accounts.admit(await toUser(claims)).catch((error: unknown) => {
      throw error instanceof SignInRefusedError ? new errors.InvalidGrant('the user may not sign in') : error
    })
  }

  return async function exchangeAssertion (ctx) {
    const { client, params } = ctx.oidc
    const thumbprint = await readThumbprint(ctx, parts)
    const assertion = await verifyAssertion(String(params['assertion']), client.clientId)
    const { claims, jti, until } = assertion
    const resource = chooseResource(claims['resource'], params['resource'])
    if (resource === undefined) throw new errors.InvalidTarget('the assertion is for another resource, or for none')
    const described = await describeResource(ctx, resource)
    const isNew = await provider.ReplayDetection.unique(`assertion ${claims.iss}`, jti, until)
    if (!isNew) throw new errors.InvalidGrant('the assertion has been used before')
    const account = await admit(assertion)
    await accounts.renew(account)
    const { subject, scopes } = account

    const token = new provider.AccessToken({ accountId: subject, client, gty: 'jwt_bearer' })
    token.resourceServer = new provider.ResourceServer(resource, described)
    const scope = intersect(claims['scope'], params['scope'], described.scope, scopes?.join(' '))
    if (scope !== undefined) token.scope = scope
    if (thumbprint !== undefined) token.setThumbprint('jkt', thumbprint)
    const accessToken = await token.save()
    const { expiration, tokenType } = token
    ctx.body = { access_token: accessToken, expires_in: expiration, token_type: tokenType, scope }
  }
}

// RFC 9449 5, as the provider does it for its own grants.
async function readThumbprint (
  ctx: TokenContext, { settings, errors, provider }: GrantParts
): Promise<string | undefined> {
  const { clientId, dpopBoundAccessTokens } = ctx.oidc.client
  const jwt = ctx.get('DPoP')
  if (settings.dpop === undefined || jwt === '') {
    if (dpopBoundAccessTokens === true) throw new errors.InvalidGrant('DPoP proof JWT not provided')
    return undefined
  }
  const proof = { jwt, method: 'POST', url: settings.issuer + ROUTES.token }
  const { thumbprint, jti } = await verifyProof(proof, Date.now()).catch(({ message }: Error) => {
    throw new errors.InvalidDpopProof(message)
  })
  const isNew = await provider.ReplayDetection.unique(clientId, jti, Math.ceil((Date.now() + 2 * WINDOW) / 1000))
  if (!isNew) throw new errors.InvalidGrant('DPoP proof JWT Replay detected')
  return thumbprint
}

// The token is for the resource that the identity provider named. If it named none, the client does.
function chooseResource (asserted: unknown, requested: unknown): string | undefined {
  const resource = asserted ?? requested
  return typeof resource === 'string' && (requested ?? resource) === resource ? resource : undefined
}

// Enterprise-Managed Authorization 7.2.1: only scopes that the assertion has. A list that is undefined limits nothing.
function intersect (asserted: unknown, ...limits: readonly unknown[]): string | undefined {
  const lists = limits.filter((one) => one !== undefined).map((one) => new Set(String(one).split(' ')))
  const scopes = String(asserted ?? '').split(' ').filter((scope) => lists.every((list) => list.has(scope)))
  return scopes.join(' ') || undefined
}
