// Verifies what identity providers assert about their users.
import { decodeJwt, jwtVerify, type JWTVerifyGetKey } from 'jose'
import { PROOF_ALGORITHMS } from '../auth/dpop.ts'
import { createKeyFinder } from '../auth/signing-keys.ts'
import type { AssertedClaims, AssertionIssuer } from './assertion-issuers.ts'
import type { ServerSettings } from './settings.ts'
import type { ProviderModule } from './peers.ts'

/** An assertion that is good, if it has not been used before. */
export interface Assertion {
  readonly claims: AssertedClaims
  readonly jti: string
  /** Until when the assertion is good, in seconds since the epoch. */
  readonly until: number
  readonly toUser: AssertionIssuer<unknown>['toUser']
}

/** Verifies an assertion. @throws InvalidGrant */
export type VerifyAssertion = (assertion: string, clientId: string) => Promise<Assertion>

const CLOCK_TOLERANCE = 5
const FETCH_TIMEOUT = 5000

interface Issuer extends AssertionIssuer<unknown> { readonly findKey: JWTVerifyGetKey }

/** Creates the function that verifies assertions. The keys of an issuer are fetched for its first assertion. */
export function createAssertionVerifier (
  { identityAssertions, issuer: ownIssuer }: Pick<ServerSettings, 'identityAssertions' | 'issuer'>,
  { InvalidGrant }: ProviderModule['errors']
): VerifyAssertion {
  const issuers = new Map(identityAssertions.map((one): [string, Issuer] => {
    const { issuer, jwksUri } = one
    return [issuer, { ...one, findKey: createKeyFinder({ issuer, jwksUri, fetchTimeout: FETCH_TIMEOUT }) }]
  }))

  return async function verifyAssertion (assertion, clientId) {
    const found = issuers.get(readIssuer(assertion))
    if (found === undefined) throw new InvalidGrant('the assertion is from no issuer that is accepted')
    const { payload } = await jwtVerify(assertion, found.findKey, {
      issuer: found.issuer,
      audience: ownIssuer,
      typ: 'oauth-id-jag+jwt',
      algorithms: [...PROOF_ALGORITHMS],
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'],
      clockTolerance: CLOCK_TOLERANCE
    }).catch((error: unknown) => {
      // Any other failure is that of the issuer, whose keys could not be fetched.
      throw /^ERR_J/.test(Object(error).code) ? new InvalidGrant('the assertion is not valid') : error
    })
    const { exp, jti, sub, client_id: madeFor } = payload
    if (typeof sub !== 'string' || typeof jti !== 'string') throw new InvalidGrant('the assertion is not valid')
    if (madeFor !== clientId) throw new InvalidGrant('the assertion was made for another client')
    const claims = Object.freeze({ ...payload, iss: found.issuer, sub, client_id: clientId })
    return { claims, jti, until: Number(exp) + CLOCK_TOLERANCE, toUser: found.toUser }
  }
}

function readIssuer (assertion: string): string {
  try {
    return String(decodeJwt(assertion).iss)
  } catch {
    return ''
  }
}
