// Refuses requests that a browser was tricked into sending: DNS rebinding and foreign origins.
import type { FastifyRequest } from 'fastify'
import { createHostCheck } from './host-check.ts'

/** What the guard lets pass. */
export interface GuardOptions {
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
}

/** Why a request does not pass, for the client and for the log. */
export interface GuardRejection {
  readonly status: 421 | 403
  readonly message: string
  readonly seen: { readonly [header: string]: string | undefined }
  readonly advice: string
}

/**
 * Builds the guard of one mount: it comes to a rejection, or to undefined for a request that may pass.
 * Forwarded headers never count. @see MCP 2026-07-28 streamable-http, Security & Endpoint
 */
export function createGuard ({ allowedHosts, allowedOrigins }: GuardOptions): (request: FastifyRequest) => GuardRejection | undefined {
  const isAllowedHost = createHostCheck(allowedHosts)
  const isAllowedOrigin = createHostCheck(allowedOrigins)

  return function guard ({ headers }) {
    // RFC 9113 8.3.1: HTTP/2 names the host in ':authority', which goes before a Host header.
    const host = (headers as { readonly ':authority'?: string })[':authority'] ?? headers.host
    if (host === undefined || !isAllowedHost(host)) {
      return {
        status: 421,
        message: 'Invalid Host header',
        seen: { host },
        advice: `request for Host '${host ?? ''}' refused; if this app is meant to be reached by that name, add it to the mount's 'allowedHosts' or set 'publicUrl'`
      }
    }

    const { origin } = headers
    if (origin === undefined || isAllowedOrigin(origin)) return undefined
    return {
      status: 403,
      message: 'Invalid Origin header',
      seen: { origin },
      advice: `request from Origin '${origin}' refused; if pages of that origin may use this server, add it to the mount's 'allowedOrigins'`
    }
  }
}
