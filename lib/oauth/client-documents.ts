// Fetches the metadata documents of clients whose id is a URL (draft-ietf-oauth-client-id-metadata-document).
import { checkClientMetadata } from './client-metadata.ts'
import { guardedFetch } from './guarded-fetch.ts'
import type { ServerSettings } from './options.ts'

const LIMITS = { timeout: 2500, maxBytes: 16 * 1024 }

type DocumentSettings = Pick<ServerSettings, 'fetchClientDocument' | 'customSchemes' | 'allowRedirect'>

/**
 * Creates the function by which the provider fetches. It needs nothing but metadata documents, and gets of each only
 * what `checkClientMetadata` keeps.
 */
export function createDocumentFetch (
  { fetchClientDocument = (url) => guardedFetch(url, LIMITS), customSchemes, allowRedirect }: DocumentSettings
): (url: string | URL) => Promise<Response> {
  return async function fetchDocument (url) {
    const response = await fetchClientDocument(String(url))
    if (response.status !== 200) throw new Error(`the document was answered with status ${response.status}`)
    const document: unknown = JSON.parse(await response.text())
    const checked = checkClientMetadata(document, { customSchemes, allowRedirect })
    if ('error' in checked) throw new Error(checked.problem)
    // The provider compares the id with the URL. A document can have no secret.
    const { client_id: clientId } = Object(document)
    const body = JSON.stringify({ ...checked.metadata, client_id: clientId })
    const cacheControl = response.headers.get('cache-control')
    return new Response(body, { headers: cacheControl === null ? {} : { 'cache-control': cacheControl } })
  }
}
