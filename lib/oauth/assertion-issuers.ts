// The identity providers whose assertions about users are taken.
import { isHttpUrl, kindOf } from '../options/checks.ts'
import { LOOPBACK } from './redirect-uri.ts'

type MaybePromise<T> = T | PromiseLike<T>

/** The grant type of assertions (RFC 7523 2.1). */
export const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** The profile of the grant, in the metadata of the server. */
export const ASSERTION_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag'

/** The claims of an assertion that has been verified. */
export interface AssertedClaims {
  /** The identity provider. */
  readonly iss: string
  /** The id of the user at the identity provider. */
  readonly sub: string
  /** The client that the assertion was made for. */
  readonly client_id: string
  /** The email address, if the identity provider tells it. */
  readonly email?: string
  readonly [claim: string]: unknown
}

/** An identity provider whose assertions are taken. */
export interface AssertionIssuer<User> {
  /** The URL of the identity provider, exactly as in the `iss` of its assertions. Only on loopback it may use http. */
  readonly issuer: string
  /** The URL of its keys, of which the same holds. @default the URL in its metadata */
  readonly jwksUri?: string
  /**
   * Makes a user of the claims, for `allow`, `claims` and the sign-in's `identify`. Two identity providers may
   * give the same `sub` to different people: tell them apart, unless the users of both are the same.
   */
  readonly toUser: (claims: AssertedClaims) => MaybePromise<User>
}

/** The option with the identity providers. */
export const assertionIssuers = kindOf<readonly AssertionIssuer<unknown>[]>(
  "must be an array of objects with 'issuer', an https URL, 'toUser', a function, and maybe 'jwksUri', an https URL",
  (value) => Array.isArray(value) && value.every(isIssuer))

function isIssuer (value: unknown): boolean {
  const { issuer, jwksUri, toUser, ...rest }: Readonly<Record<string, unknown>> = Object(value)
  return isSecure(issuer) && (jwksUri === undefined || isSecure(jwksUri)) && typeof toUser === 'function' &&
    Object.keys(rest).length === 0
}

function isSecure (value: unknown): boolean {
  if (!isHttpUrl(value)) return false
  const { protocol, hostname } = new URL(String(value))
  return protocol === 'https:' || LOOPBACK.has(hostname)
}
