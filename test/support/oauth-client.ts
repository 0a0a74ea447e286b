// How an official client signs in: what it says about itself, and what it stores.

/** The stored values of a client, which has none at first. */
export interface Kept {
  client?: { client_id?: string }
  discovery?: object
  tokens?: { access_token: string, refresh_token?: string, scope?: string }
  verifier: string
  authorizationUrl?: URL
}

/** What a client says about itself. */
export interface ClientSelf {
  readonly name: string
  readonly redirectUrl: string
  /** The URL of its metadata document, if it has one. */
  readonly documentUrl?: string | undefined
}

/** Creates the `authProvider` of an official client, which keeps everything in one object. */
export function createAuthProvider (kept: Kept, { name, redirectUrl, documentUrl }: ClientSelf) {
  return {
    redirectUrl,
    ...(documentUrl !== undefined && { clientMetadataUrl: documentUrl }),
    clientMetadata: {
      client_name: name,
      redirect_uris: [redirectUrl],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code']
    },
    clientInformation: () => kept.client,
    discoveryState: () => kept.discovery,
    saveDiscoveryState: (discovery: object) => { kept.discovery = discovery },
    saveClientInformation: (client: object) => { kept.client = client },
    tokens: () => kept.tokens,
    invalidateCredentials: (scope: string) => {
      if (scope === 'all' || scope === 'tokens') delete kept.tokens
      if (scope === 'all' || scope === 'client') delete kept.client
    },
    saveTokens: (tokens: { access_token: string }) => { kept.tokens = tokens },
    redirectToAuthorization: (url: URL) => { kept.authorizationUrl = url },
    saveCodeVerifier: (verifier: string) => { kept.verifier = verifier },
    codeVerifier: () => kept.verifier
  }
}
