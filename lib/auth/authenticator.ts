// Authenticates each request once, before its body is read.
import type { FastifyRequest } from 'fastify'
import { findAuthInfoProblem, holderOf, principalOf, type Authenticated, type AuthInfo } from './auth-info.ts'
import type { ResolvedAuth, ResolvedTokenAuth } from './auth-options.ts'
import { hasScopes } from '../protocol/scope.ts'
import { DPOP, readBearer, type Scheme } from './bearer.ts'
import { createChallengeEncoder, type Challenge } from './challenge.ts'
import { createProofCheck, InvalidProofError, PROOF_ALGORITHMS, readThumbprint } from './dpop.ts'
import { coversResource, type PathParams, type Resource, type Resources } from './resource.ts'
import type { Revocations } from './revocations.ts'
import { InvalidTokenError, isInvalidToken, VerifierUnavailableError } from './token-error.ts'

/** Why a request is rejected, for the client and for the log. */
export class AuthRejection {
  readonly status: 400 | 401 | 403 | 500 | 503
  readonly message: string
  /** The value of `WWW-Authenticate`; undefined if a token would not help. */
  readonly challenge: string | undefined
  /** The failure of the verifier or the app; undefined if the client is at fault. */
  readonly error: unknown

  constructor (status: AuthRejection['status'], message: string, { challenge, error }: RejectionDetails = {}) {
    this.status = status
    this.message = message
    this.challenge = challenge
    this.error = error
  }
}

interface RejectionDetails { readonly challenge?: string, readonly error?: unknown }

type Identify = (request: FastifyRequest, resource: Resource | undefined) => unknown

/** Authenticates the requests to one mount. */
export class Authenticator {
  readonly #identify: Identify
  readonly #resources: Resources | undefined
  readonly #encodeChallenge: (challenge: Challenge) => string
  readonly #requiredScopes: readonly string[]
  readonly #timeout: number
  readonly #revocations: Revocations | undefined
  readonly #now: () => number

  /**
   * @param resources Undefined if no tokens are issued for the mount.
   * @param now The clock, in milliseconds.
   */
  constructor (options: ResolvedAuth, resources: Resources | undefined, now: () => number = Date.now) {
    this.#resources = resources
    this.#requiredScopes = options.requiredScopes
    this.#timeout = options.timeout
    this.#revocations = options.revocations
    this.#now = now
    const dpop = 'verify' in options ? options.dpop : undefined
    const challenge = 'authenticate' in options ? options.challenge : undefined
    this.#encodeChallenge = challenge === undefined
      ? createChallengeEncoder(dpop, PROOF_ALGORITHMS)
      : () => challenge
    if ('authenticate' in options) this.#identify = options.authenticate
    else this.#identify = dpop === undefined ? this.#byToken(options) : this.#byProof(options)
  }

  /** Authenticates one request. Never rejects. */
  async authenticate (request: FastifyRequest): Promise<Authenticated | AuthRejection> {
    const resource = this.#resourceOf(request)
    try {
      const decision = this.#judge(await withinTime(this.#identify(request, resource), this.#timeout), resource)
      if (decision instanceof AuthRejection) return decision
      const principal = principalOf(decision, this.#bindingOf(request, resource))
      return { info: decision, principal, holder: holderOf(decision) }
    } catch (error) {
      if (isInvalidToken(error)) return this.#refuseToken(resource, error.message)
      if (error instanceof InvalidProofError) return this.#refuseToken(resource, error.message, 'invalid_dpop_proof')
      return error instanceof VerifierUnavailableError
        ? new AuthRejection(503, 'Authorization is not available at the moment; try again later', { error })
        : new AuthRejection(500, 'Internal error', { error: error ?? new Error('undefined or null was thrown') })
    }
  }

  /** Returns the challenge for a request whose caller lacks scopes. It names all scopes that the request needs. */
  challengeScopes (request: FastifyRequest, scopes: readonly string[]): string {
    return this.#challenge(this.#resourceOf(request), {
      error: 'insufficient_scope',
      description: 'The request needs more scopes',
      scopes: [...new Set([...this.#requiredScopes, ...scopes])]
    })
  }

  /**
   * Returns the challenge for a request whose user must sign in again. It names the scopes that the token had, so the
   * new one has them too.
   */
  challengeSignIn (request: FastifyRequest, scopes: readonly string[]): string {
    return this.#challenge(this.#resourceOf(request), {
      error: 'invalid_token',
      description: 'The user must sign in again',
      scopes: [...new Set([...this.#requiredScopes, ...scopes])]
    })
  }

  #byToken ({ verify, maxTokenLength }: ResolvedTokenAuth, scheme?: Scheme): Identify {
    return (request, resource) => {
      const bearer = readBearer(request, scheme)
      if (bearer === undefined) return undefined
      if ('problem' in bearer) {
        const challenge = this.#challenge(resource, { error: 'invalid_request', description: bearer.problem })
        return new AuthRejection(400, `Invalid Request: ${bearer.problem}`, { challenge })
      }
      if (bearer.token.length > maxTokenLength) {
        throw new InvalidTokenError(`The token is longer than ${maxTokenLength} characters`)
      }
      // The cast holds, because a mount that accepts tokens is a resource.
      return orRefuse(verify(bearer.token, request, { resource: (resource as Resource).id }))
    }
  }

  // RFC 9449 7.1 and 7.2: a bound token needs a proof, and a token with a proof must be bound to its key.
  #byProof (options: ResolvedTokenAuth): Identify {
    const [identifyBound, identifyBearer] = [this.#byToken(options, DPOP), this.#byToken(options)]
    const checkProof = createProofCheck(this.#now)

    const identifyByProof = async (request: FastifyRequest, resource: Resource | undefined): Promise<unknown> => {
      const bound = await identifyBound(request, resource)
      if (bound === undefined || bound instanceof AuthRejection) return bound
      const thumbprint = readThumbprint(bound)
      if (thumbprint === undefined) throw new InvalidTokenError("The token is not bound to a key by 'cnf.jkt'")
      const { method, url, headers: { dpop: jwt } } = request
      const token = String(request.headers.authorization).replace(/^\S+ +/, '')
      // The cast holds, because a mount that accepts tokens is a resource.
      const base = (this.#resources as Resources).baseUrl
      await checkProof({ jwt, token, method, url: base + url }, thumbprint)
      return bound
    }

    if (options.dpop === 'require') return identifyByProof
    return (request, resource) => DPOP.begins.test(request.headers.authorization ?? '')
      ? identifyByProof(request, resource)
      : refuseBound(identifyBearer(request, resource))
  }

  #judge (found: unknown, resource: Resource | undefined): AuthInfo | AuthRejection {
    if (found instanceof AuthRejection) return found
    if (found === undefined || found === null) {
      // RFC 6750 3.1: a request without a token gets a challenge without an error.
      const challenge = this.#challenge(resource, { scopes: this.#requiredScopes })
      return new AuthRejection(401, 'Unauthorized: authorization is required', { challenge })
    }
    const problem = findAuthInfoProblem(found)
    if (problem !== undefined) throw new TypeError(`the AuthInfo returned for a caller ${problem}`)

    // The cast holds, because the value has just been checked.
    const info = found as AuthInfo
    if (info.expiresAt !== undefined && info.expiresAt * 1000 <= this.#now()) {
      return this.#refuseToken(resource, 'The token has expired')
    }
    if (resource !== undefined && !isFor(resource, info)) {
      return this.#refuseToken(resource, 'The token is for another resource')
    }
    if (this.#revocations?.isRevoked(info) === true) return this.#refuseToken(resource, 'The access was withdrawn')
    return hasScopes(this.#requiredScopes, info.scopes) ? info : this.#refuseScopes(resource)
  }

  // A path with parameters stands for many endpoints. A caller must not find its sessions of one endpoint at another.
  #bindingOf ({ params }: FastifyRequest, resource: Resource | undefined): string | undefined {
    if (this.#resources !== undefined) return this.#resources.isMany ? resource?.id : undefined
    // Fastify types `params` as unknown, and parses them from the path.
    const values = Object.entries(params as PathParams)
    return values.length === 0 ? undefined : JSON.stringify(values)
  }

  #refuseScopes (resource: Resource | undefined): AuthRejection {
    const challenge = this.#challenge(resource, {
      error: 'insufficient_scope',
      description: 'The token lacks a scope',
      scopes: this.#requiredScopes
    })
    return new AuthRejection(403, 'Forbidden: the token lacks a scope', { challenge })
  }

  #refuseToken (
    resource: Resource | undefined, description: string, error: Challenge['error'] & string = 'invalid_token'
  ): AuthRejection {
    const challenge = this.#challenge(resource, { error, description, scopes: this.#requiredScopes })
    return new AuthRejection(401, `Unauthorized: ${description}`, { challenge })
  }

  #challenge (resource: Resource | undefined, challenge: Challenge): string {
    return this.#encodeChallenge({ ...challenge, metadataUrl: resource?.metadataUrl })
  }

  #resourceOf ({ params }: FastifyRequest): Resource | undefined {
    // Fastify types `params` as unknown, and parses them from the path.
    return this.#resources?.find(params as PathParams)
  }
}

function isFor ({ id }: Resource, { resource, audience }: AuthInfo): boolean {
  return (audience === undefined || coversResource(audience, [id])) &&
    (resource === undefined || coversResource(resource.href, [id]))
}

// A verifier returns undefined or null for a token that it does not accept.
function orRefuse (found: unknown): unknown {
  if (isPromiseLike(found)) return found.then(orRefuse)
  if (found === undefined || found === null) throw new InvalidTokenError('The token is not valid')
  return found
}

// RFC 9449 7.2: a server that takes proofs must not take a bound token without one.
function refuseBound (found: unknown): unknown {
  if (isPromiseLike(found)) return found.then(refuseBound)
  if (readThumbprint(found) === undefined) return found
  throw new InvalidTokenError("The token is bound to a key: send it with the scheme 'DPoP' and a proof")
}

// A value that is not a promise needs no timer.
function withinTime (pending: unknown, timeoutMs: number): unknown {
  if (timeoutMs === 0 || !isPromiseLike(pending)) return pending
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new VerifierUnavailableError(`authenticating a request took longer than ${timeoutMs} ms`))
    }, timeoutMs)
    pending.then(resolve, reject).then(() => clearTimeout(timer))
  })
}

function isPromiseLike (value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
