// Finds, fetches and caches the keys with which an issuer signs its tokens.
import type { JWTVerifyGetKey } from 'jose'
import { fetchJson } from './fetch-json.ts'
import { VerifierUnavailableError } from './token-error.ts'

/** Where the keys of an issuer come from. */
export interface KeySource {
  readonly issuer: string
  /** The URL of the keys; undefined to look it up in the issuer's metadata. */
  readonly jwksUri: string | undefined
  /** Milliseconds that a request to the issuer may take. */
  readonly fetchTimeout: number
}

// The errors of jose that are due to the token and not to the keys.
const TOKEN_ERRORS = new Set(['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS', 'ERR_JOSE_NOT_SUPPORTED'])

/**
 * Creates a function that finds the key of a token. The keys are fetched for the first token. They are fetched again
 * when they are ten minutes old, or when a token has an unknown key, but at most once in 30 seconds.
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
      if (TOKEN_ERRORS.has(String(code))) throw cause
      throw new VerifierUnavailableError(`the keys of ${source.issuer} could not be fetched`, { cause })
    }
  }
}

async function prepare ({ issuer, jwksUri, fetchTimeout }: KeySource): Promise<JWTVerifyGetKey> {
  // An app that verifies no JWT does not load jose.
  const { createRemoteJWKSet } = await import('jose')
  const url = new URL(jwksUri ?? await discoverKeys(issuer, fetchTimeout))
  return createRemoteJWKSet(url, { timeoutDuration: fetchTimeout })
}

async function discoverKeys (issuer: string, fetchTimeout: number): Promise<string> {
  let failure: unknown
  for (const url of listMetadataUrls(issuer)) {
    try {
      return readKeysUrl(url, issuer, await fetchJson(url, fetchTimeout))
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

/**
 * Returns the URL of the keys in an issuer's metadata.
 * @param url The URL of the metadata.
 * @throws VerifierUnavailableError
 */
export function readKeysUrl (url: string, issuer: string, metadata: Readonly<Record<string, unknown>>): string {
  const { issuer: named, jwks_uri: keysUrl } = metadata
  // RFC 8414 3.3: metadata of another issuer must not be used.
  if (named !== issuer) throw new VerifierUnavailableError(`${url} names another issuer: ${String(named)}`)
  if (typeof keysUrl !== 'string') throw new VerifierUnavailableError(`${url} has no 'jwks_uri'`)
  // RFC 8414 2: a key is as trustworthy as the way on which it arrives.
  if (url.startsWith('https:') && !keysUrl.startsWith('https:')) {
    throw new VerifierUnavailableError(`${url} has a 'jwks_uri' that does not use https: ${keysUrl}`)
  }
  return keysUrl
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
