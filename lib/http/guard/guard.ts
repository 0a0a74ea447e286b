// Refuses requests that a browser was tricked into sending: DNS rebinding and foreign origins.
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { shorten } from '../../protocol/bounds.ts'
import type { Refuse, RefusedRequest } from './refuse.ts'
import { createHostCheck } from './host-check.ts'

/** The hosts and origins that the guard accepts. */
export interface GuardOptions {
  readonly allowedHosts: readonly string[]
  /** `*` for every origin. */
  readonly allowedOrigins: readonly string[] | '*'
  /** The call log, which has a line for each refusal; false if there is none. */
  readonly log: unknown
}

/** Why a request is rejected, for the client and for the log. */
interface GuardRejection extends RefusedRequest {
  readonly reason: 'host' | 'origin'
  readonly status: 400 | 421 | 403
  readonly seen: { readonly [header: string]: string | undefined }
  readonly advice: string
}

const SLASH = 47
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*).*$/i

// Readers disagree on which of two Host headers counts, and a proxy in front may have read the other one.
const TWO_HOSTS: GuardRejection = Object.freeze({
  reason: 'host',
  status: 400,
  message: 'Invalid Host header: there are several',
  seen: Object.freeze({}),
  advice: 'request with several Host headers refused'
})

/** Creates the hook that refuses the requests that the guard of one mount rejects. */
export function createGuardHook (options: GuardOptions, refuse: Refuse): onRequestHookHandler {
  const guard = createGuard(options)

  return function onRequestGuard (request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const rejection = guard(request)
    if (rejection === undefined) return done()
    const { seen, ...refused } = rejection
    if (options.log === false) request.log.warn(seen, refused.advice)
    refuse(reply, refused)
  }
}

/** Returns why a request is rejected; undefined if it is accepted. */
type Guard = (request: FastifyRequest) => GuardRejection | undefined

// MCP 2026-07-28 streamable-http, Security & Endpoint. Forwarded headers are ignored, because clients can forge them.
function createGuard ({ allowedHosts, allowedOrigins }: GuardOptions): Guard {
  const isAllowedHost = createHostCheck(allowedHosts)
  const isAllowedOrigin = createHostCheck(allowedOrigins)
  // The host of the last request that passed. Most requests name the same one, and cost one comparison.
  let lastHost: string | undefined

  return function guard ({ headers, raw, originalUrl }) {
    if (hasTwoHosts(raw.rawHeaders)) return TWO_HOSTS
    // RFC 9113 8.3.1: HTTP/2 names the host in ':authority', which takes precedence over a Host header. Fastify routes
    // by the header.
    const { host } = headers
    const authority = (headers as { readonly ':authority'?: string })[':authority'] ?? host
    if (authority === undefined || (authority !== lastHost && !isAllowedHost(authority))) return refuseHost(authority)
    lastHost = authority
    if (host !== undefined && host !== authority && !isAllowedHost(host)) return refuseHost(host)
    // RFC 9112 3.2.2: a host in the request line takes precedence over the Host header, but both must be allowed.
    if (originalUrl.charCodeAt(0) !== SLASH) {
      const named = originalUrl.replace(ABSOLUTE_FORM, '$1')
      if (!isAllowedHost(named)) return refuseHost(named)
    }

    const { origin } = headers
    if (origin === undefined || isAllowedOrigin(origin)) return undefined
    return {
      reason: 'origin',
      status: 403,
      message: 'Invalid Origin header',
      seen: { origin: shorten(origin) },
      advice: `request from Origin '${shorten(origin)}' refused; if pages of that origin may use this server, add it ` +
        "to the mount's 'allowedOrigins'"
    }
  }
}

function refuseHost (host: string | undefined): GuardRejection {
  return {
    reason: 'host',
    status: 421,
    message: 'Invalid Host header',
    seen: { host: host && shorten(host) },
    advice: `request for Host '${shorten(host ?? '')}' refused; if this app is meant to be reached by that name, add ` +
      "it to the mount's 'allowedHosts' or set 'publicUrl'"
  }
}

// RFC 9112 3.2 demands this check. Node.js drops all but the first Host header from `headers`, so read the raw ones.
function hasTwoHosts (rawHeaders: readonly string[]): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host' && ++count > 1) return true
  }
  return false
}
