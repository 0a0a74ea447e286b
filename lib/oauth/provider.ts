// Creates oidc-provider, which speaks OAuth with clients.
import { ASSERTION_PARAMETERS, createAssertionGrant } from './assertion-grant.ts'
import { ASSERTION_GRANT } from './assertion-issuers.ts'
import { createConfiguration, type ConfigurationParts } from './configuration.ts'
import { loadPeer, type Provider, type ProviderModule } from './peers.ts'
import { createResourceDescription } from './resource-description.ts'

/** The parts that the provider is created from. */
export type ProviderParts = ConfigurationParts

/** The parts that the routes use. */
export interface ServerParts extends ProviderParts {
  readonly provider: Provider
}

/**
 * Creates the provider.
 * @throws MCP_ERR_MISSING_PACKAGE
 */
export async function createProvider (parts: ProviderParts): Promise<Provider> {
  const { default: OidcProvider, ...module } = await loadPeer<ProviderModule>('oidc-provider', 'authorizationServer()')
  const provider: Provider = new OidcProvider(parts.settings.issuer, createConfiguration(parts, module, () => provider))
  const logFailure = (error: unknown): void => { parts.log.error({ err: error }, 'the authorization server failed') }
  provider.on('server_error', (_ctx: unknown, error: unknown) => { logFailure(error) })
  provider.on('error', logFailure)
  if (parts.settings.identityAssertions.length > 0) {
    const { errors } = module
    const describeResource = createResourceDescription(parts, errors)
    const grant = createAssertionGrant({ ...parts, errors, provider, describeResource })
    provider.registerGrantType(ASSERTION_GRANT, grant, ASSERTION_PARAMETERS)
  }
  return provider
}
