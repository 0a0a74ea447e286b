// The keys that an issuer signs its tokens with: found, fetched and kept.
import type { JWTVerifyGetKey } from 'jose'
import { fetchJson } from './fetch-json.ts'
import { VerifierUnavailableError } from './token-error.ts'

/** Where keys come from. */
export interface KeySource {
  readonly issuer: string
  /** Undefined where the issuer's metadata is to say it. */
  readonly jwksUri: string | undefined
  /** Milliseconds that a request to the issuer may take. */
  readonly fetchTimeout: number
}

// What is wrong with a token and not with the keys.
const OF_THE_TOKEN = new Set(['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS', 'ERR_JOSE_NOT_SUPPORTED'])

/**
 * Builds what finds the key of a token. Nothing is fetched before the first token comes. Keys are fetched again when they
 * are ten minutes old, or a token names one that is not there, but no sooner than 30 seconds after they were.
 */
export function createKeyFinder (source: KeySource): JWTVerifyGetKey {
  let finding: Promise<JWTVerifyGetKey> | undefined

  return async function findKey (header, token) {
    try {
      finding ??= prepare(source)
      const find = await finding.catch((error: unknown) => { finding = undefined; throw error })
      return await find(header, token)
    } catch (cause) {
      const { code }: { readonly code?: unknown } = Object(cause)
      if (OF_THE_TOKEN.has(String(code))) throw cause
      throw new VerifierUnavailableError(`the keys of ${source.issuer} could not be fetched`, { cause })
    }
  }
}

async function prepare ({ issuer, jwksUri, fetchTimeout }: KeySource): Promise<JWTVerifyGetKey> {
  // Loaded only where tokens are verified by it.
  const { createRemoteJWKSet } = await import('jose')
  return createRemoteJWKSet(new URL(jwksUri ?? await discoverKeys(issuer, fetchTimeout)), { timeoutDuration: fetchTimeout })
}

async function discoverKeys (issuer: string, fetchTimeout: number): Promise<string> {
  let failure: unknown
  for (const url of listMetadataUrls(issuer)) {
    try {
      const metadata = await fetchJson(url, fetchTimeout)
      // RFC 8414 3.3: metadata of another issuer must not be used.
      if (metadata['issuer'] !== issuer) throw new VerifierUnavailableError(`${url} names another issuer: ${String(metadata['issuer'])}`)
      if (typeof metadata['jwks_uri'] !== 'string') throw new VerifierUnavailableError(`${url} names no 'jwks_uri'`)
      return metadata['jwks_uri']
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

// MCP 2026-07-28 authorization, Authorization Server Metadata Discovery: in this order.
function listMetadataUrls (issuer: string): ReadonlySet<string> {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return new Set([
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`
  ])
}
