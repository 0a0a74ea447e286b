// The headers of the page, which keep it from running or loading anything that is not its own.
import type { FastifyInstance } from 'fastify'
import { findMounted, findRegistry } from '../registry.ts'

/** Creates the function that returns the headers. Mounts may be registered after the explorer, so it looks later. */
export function createHeaders (): (scope: FastifyInstance) => Readonly<Record<string, string>> {
  let headers: Readonly<Record<string, string>> | undefined
  return (scope) => {
    headers ??= Object.freeze({
      'content-security-policy': createPolicy(listServerOrigins(scope)),
      'cross-origin-opener-policy': 'same-origin-allow-popups',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff'
    })
    return headers
  }
}

// The page signs in at the authorization servers of the mounts, and connects to nothing else.
function createPolicy (servers: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    'media-src data: blob:',
    `connect-src ${["'self'", ...servers].join(' ')}`,
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'"
  ].join('; ')
}

function listServerOrigins (scope: FastifyInstance): readonly string[] {
  const servers = [...findRegistry(scope) ?? []].flatMap((mount) => {
    const { auth } = findMounted(mount).parts.options
    return auth !== undefined && 'verify' in auth ? auth.authorizationServers : []
  })
  return [...new Set(servers.map((server) => new URL(server).origin))]
}
