// Finds, fetches and caches the keys with which an issuer signs its tokens.
import type { JWTVerifyGetKey } from 'jose'
import { readServerMetadata, type ServerMetadata } from './server-metadata.ts'
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
  const url = new URL(jwksUri ?? await readServerMetadata(issuer, fetchTimeout, readKeysUrl))
  return createRemoteJWKSet(url, { timeoutDuration: fetchTimeout })
}

/**
 * Returns the URL of the keys in an issuer's metadata.
 * @param url The URL of the metadata.
 * @throws VerifierUnavailableError
 */
export function readKeysUrl ({ jwks_uri: keysUrl }: ServerMetadata, url: string): string {
  if (typeof keysUrl !== 'string') throw new VerifierUnavailableError(`${url} has no 'jwks_uri'`)
  // RFC 8414 2: a key is as trustworthy as the way on which it arrives.
  if (url.startsWith('https:') && !keysUrl.startsWith('https:')) {
    throw new VerifierUnavailableError(`${url} has a 'jwks_uri' that does not use https: ${keysUrl}`)
  }
  return keysUrl
}
