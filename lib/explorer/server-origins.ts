// The origins of the endpoints of an authorization server, to which the page sends requests when it signs in.
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { readServerMetadata, type ServerMetadata } from '../auth/server-metadata.ts'

// The page sends requests to these. The browser opens the others.
const ENDPOINTS = ['token_endpoint', 'registration_endpoint', 'revocation_endpoint'] as const

// Milliseconds that a request for metadata may take, and that a page waits for it.
const FETCH_TIMEOUT = 5000
const PATIENCE = 500

// Milliseconds until the metadata is read again, after a success and after a failure.
const LIFETIME = 3_600_000
const RETRY = 30_000

// A host may contain characters that have a meaning in a policy, such as ';' and '*'.
const HTTPS_ORIGIN = /^https:\/\/[a-z0-9.-]+(:\d+)?$/
const LOCAL_ORIGIN = /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/

/** The log, and the clock. */
export interface ServerOriginsEnvironment {
  readonly log: Pick<FastifyBaseLogger, 'warn'>
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number
}

/** The origins of the endpoints of one server. Those of some, such as Google, are not at the origin of the issuer. */
export class ServerOrigins {
  readonly #issuer: string
  readonly #environment: ServerOriginsEnvironment
  #endpoints: readonly string[] = []
  #readAgainAt = 0
  #waited: Promise<unknown> | undefined

  constructor (issuer: string, environment: ServerOriginsEnvironment) {
    this.#issuer = issuer
    this.#environment = environment
  }

  /**
   * Resolves to the origins that are known after a moment. They are read from the metadata of the server, and again
   * after an hour; none are known until that succeeds. Never rejects.
   */
  async list (): Promise<readonly string[]> {
    const { now = Date.now } = this.#environment
    if (now() >= this.#readAgainAt) {
      this.#readAgainAt = now() + RETRY
      // Requests that come meanwhile wait no longer than the first one.
      this.#waited = Promise.race([this.#read(now), sleep(PATIENCE, undefined, { ref: false })])
    }
    await this.#waited
    return this.#endpoints
  }

  async #read (now: () => number): Promise<void> {
    try {
      this.#endpoints = await readServerMetadata(this.#issuer, FETCH_TIMEOUT, (metadata) => this.#readOrigins(metadata))
      this.#readAgainAt = now() + LIFETIME
    } catch (err) {
      const effect = 'the explorer allows its page no requests to endpoints at other origins'
      this.#environment.log.warn({ err }, `the metadata of ${this.#issuer} cannot be read; ${effect}`)
    }
  }

  #readOrigins (metadata: ServerMetadata): readonly string[] {
    const urls = ENDPOINTS.map((name) => String(metadata[name])).filter((url) => URL.canParse(url))
    const isLocal = LOCAL_ORIGIN.test(new URL(this.#issuer).origin)
    return urls.map((url) => new URL(url).origin)
      .filter((origin) => HTTPS_ORIGIN.test(origin) || (isLocal && LOCAL_ORIGIN.test(origin)))
  }
}
