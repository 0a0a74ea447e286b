// Finds and fetches the metadata of an authorization server.
import { fetchJson } from './fetch-json.ts'
import { VerifierUnavailableError } from './token-error.ts'

/** The metadata of an authorization server (RFC 8414, OpenID Connect Discovery). */
export type ServerMetadata = Readonly<Record<string, unknown>>

/**
 * Fetches the metadata documents of an issuer, one after the other, until `read` returns what it looks for. If it
 * throws for all of them, the first error is thrown.
 *
 * @param timeout Milliseconds that each request may take.
 * @throws VerifierUnavailableError if no document can be fetched, or they are those of another issuer
 */
export async function readServerMetadata<Found> (
  issuer: string, timeout: number, read: (metadata: ServerMetadata, url: string) => Found
): Promise<Found> {
  let failure: unknown
  for (const url of listMetadataUrls(issuer)) {
    try {
      const metadata = await fetchJson(url, timeout)
      checkIssuer(metadata, url, issuer)
      return read(metadata, url)
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

// RFC 8414 3.3: metadata of another issuer must not be used.
function checkIssuer ({ issuer: named }: ServerMetadata, url: string, issuer: string): void {
  if (named !== issuer) throw new VerifierUnavailableError(`${url} names another issuer: ${String(named)}`)
}

// MCP 2026-07-28 authorization, Authorization Server Metadata Discovery, defines the order.
function listMetadataUrls (issuer: string): ReadonlySet<string> {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return new Set([
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`
  ])
}
