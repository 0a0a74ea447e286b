// Fetches the metadata documents of clients whose id is a URL (draft-ietf-oauth-client-id-metadata-document), and the
// keys of clients.
import { checkClientMetadata } from './client-metadata.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { ServerSettings } from './settings.ts'

const LIMITS = { timeout: 2500, maxBytes: 16 * 1024 }

/** How clients with a document may authenticate: a document is public, and can have no secret. */
const AUTH_METHODS = ['none', 'private_key_jwt']

type DocumentSettings = Pick<ServerSettings, 'fetchClientDocument' | 'customSchemes' | 'allowRedirect'>

/**
 * Creates the function by which the provider fetches. It needs nothing but metadata documents and key sets. Of a
 * document it gets only what `checkClientMetadata` keeps.
 * @param grants The grants that clients with a document may use, apart from those for users at a browser.
 */
export function createDocumentFetch (
  { fetchClientDocument = (url) => guardedFetch(url, LIMITS), customSchemes, allowRedirect }: DocumentSettings,
  grants: readonly string[]
): (url: string | URL) => Promise<Response> {
  return async function fetchDocument (url) {
    const response = await fetchClientDocument(String(url))
    if (response.status !== 200) throw new Error(`the document was answered with status ${response.status}`)
    const document: Document = Object(JSON.parse(await response.text()))
    const body = JSON.stringify(isKeySet(document) ? { keys: document.keys } : readDocument(document))
    const cacheControl = response.headers.get('cache-control')
    return new Response(body, { headers: cacheControl === null ? {} : { 'cache-control': cacheControl } })
  }

  function readDocument (document: Document): object {
    const checked = checkClientMetadata(document, { customSchemes, allowRedirect }, AUTH_METHODS)
    if ('error' in checked) throw new Error(checked.problem)
    const { metadata } = checked
    // The provider compares the id with the URL.
    return {
      ...metadata,
      ...readKeys(document),
      grant_types: [...metadata.grant_types, ...grants],
      client_id: document.client_id
    }
  }
}

interface Document {
  readonly client_id?: unknown
  readonly keys?: unknown
  readonly jwks?: unknown
  readonly jwks_uri?: unknown
  readonly token_endpoint_auth_method?: unknown
}

// A document without an id is refused by the provider, so keys alone cannot pass for a client.
function isKeySet ({ client_id: clientId, keys }: Document): boolean {
  return clientId === undefined && Array.isArray(keys)
}

// The URL is fetched by this function, too. The provider refuses both at once, and neither.
function readKeys ({ token_endpoint_auth_method: method, jwks, jwks_uri: uri }: Document): object {
  if (method !== 'private_key_jwt') return {}
  return { ...(jwks !== undefined && { jwks }), ...(uri !== undefined && { jwks_uri: uri }) }
}
