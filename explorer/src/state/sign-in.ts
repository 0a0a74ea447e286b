// The page's own sign-in: the official client's OAuth flow, in a window beside the page.
import type {
  OAuthClientInformationMixed, OAuthClientProvider, OAuthDiscoveryState, OAuthTokens
} from '@modelcontextprotocol/client'
import { loadClient } from './load-client.ts'

/** How to sign in. */
export interface SignInSettings {
  /** The id of a client that is registered already; '' to register one. */
  readonly clientId: string
  /** The scopes to ask for. */
  readonly scopes: readonly string[]
}

// The clients that the page has registered. They are forgotten with the page.
const clients = new Map<string, OAuthClientInformationMixed>()

/** Where the authorization server sends the user back to. */
export function redirectUri (): string {
  return new URL('callback.html', location.href).href
}

/** Signs in for a mount. Resolves to the access token. */
export async function signIn (url: URL, settings: SignInSettings): Promise<string> {
  let refused: string | undefined
  const note = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void => {
    if (effectiveDirective === 'connect-src') refused = new URL(blockedURI).origin
  }
  document.addEventListener('securitypolicyviolation', note)
  try {
    return await askForToken(url, settings)
  } catch (error) {
    // The browser reports what it has refused after the request has failed.
    await new Promise((resolve) => setTimeout(resolve))
    throw refused === undefined ? explainUnreachable(error) : new Error(explainRefused(refused))
  } finally {
    document.removeEventListener('securitypolicyviolation', note)
  }
}

function explainRefused (origin: string): string {
  return `The authorization server leads to ${origin}, and the policy of this page allows no requests to it. The app ` +
    'allows those endpoints that use https and that the metadata of the server names. Load the page again in case ' +
    'the app could not read the metadata in time, or paste a token instead.'
}

// A TypeError is all that a browser says of a reply without CORS headers.
function explainUnreachable (error: unknown): unknown {
  if (!(error instanceof TypeError)) return error
  return new Error('The authorization server cannot be reached from this page. It must be up, and allow requests ' +
    `from ${location.origin} (CORS). Or paste a token instead.`)
}

async function askForToken (url: URL, { clientId, scopes }: SignInSettings): Promise<string> {
  // Opened at once, because browsers open windows only in reply to a click.
  const popup = window.open('about:blank', '_blank', 'popup,width=520,height=720')
  if (popup === null) throw new Error('The browser has not opened the window: allow popups for this page.')
  try {
    const { auth } = await loadClient()
    const provider = new PopupProvider(popup, url.href, clientId)
    const scope = scopes.length === 0 ? {} : { scope: scopes.join(' ') }
    if (await auth(provider, { serverUrl: url, ...scope }) === 'REDIRECT') {
      const answer = await provider.answer(popup)
      const problem = answer.get('error')
      if (problem !== null) throw new Error(answer.get('error_description') ?? problem)
      if (answer.get('state') !== provider.expectedState) throw new Error('The answer belongs to another sign-in.')
      await auth(provider, {
        serverUrl: url,
        authorizationCode: answer.get('code') ?? '',
        ...(answer.has('iss') && { iss: String(answer.get('iss')) })
      })
    }
    const token = provider.tokens()?.access_token
    if (token === undefined) throw new Error('The authorization server has issued no token.')
    return token
  } finally {
    popup.close()
  }
}

class PopupProvider implements OAuthClientProvider {
  readonly expectedState = crypto.randomUUID()
  readonly #popup: Window
  readonly #key: string
  readonly #clientId: string
  #tokens: OAuthTokens | undefined
  #verifier = ''
  #discovered: OAuthDiscoveryState | undefined

  constructor (popup: Window, key: string, clientId: string) {
    this.#popup = popup
    this.#key = key
    this.#clientId = clientId
  }

  get redirectUrl (): string { return redirectUri() }

  get clientMetadata () {
    return {
      client_name: 'MCP Explorer',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'web' as const
    }
  }

  state (): string { return this.expectedState }

  clientInformation (): OAuthClientInformationMixed | undefined {
    return this.#clientId === '' ? clients.get(this.#key) : { client_id: this.#clientId }
  }

  saveClientInformation (client: OAuthClientInformationMixed): void { clients.set(this.#key, client) }
  tokens (): OAuthTokens | undefined { return this.#tokens }
  saveTokens (tokens: OAuthTokens): void { this.#tokens = tokens }
  redirectToAuthorization (url: URL): void { this.#popup.location.replace(url) }
  saveCodeVerifier (verifier: string): void { this.#verifier = verifier }
  codeVerifier (): string { return this.#verifier }
  // The code is sent to the server that was asked for it, whatever the mount says by then.
  saveDiscoveryState (state: OAuthDiscoveryState): void { this.#discovered = state }
  discoveryState (): OAuthDiscoveryState | undefined { return this.#discovered }

  /** Resolves to what the authorization server sends back. */
  answer (popup: Window): Promise<URLSearchParams> {
    const channel = new BroadcastChannel('mcp-explorer-sign-in')
    const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>()
    channel.onmessage = ({ data }) => { resolve(new URLSearchParams(String(data))) }
    // A page of another origin may hide that the window is still open, so the closing alone ends nothing at once.
    const timer = setInterval(() => {
      if (!popup.closed) return
      clearInterval(timer)
      setTimeout(() => reject(new Error('The window was closed.')), 1000)
    }, 500)
    return promise.finally(() => { clearInterval(timer); channel.close() })
  }
}
