// The headers of the page, which keep it from running or loading anything that is not its own.
import type { FastifyInstance } from 'fastify'
import { findMounted, findRegistry } from '../registry.ts'
import { ServerOrigins } from './server-origins.ts'

/**
 * Creates the function that resolves to the headers. Mounts may be registered after the explorer, so it looks for them
 * later.
 */
export function createHeaders (): (scope: FastifyInstance) => Promise<Readonly<Record<string, string>>> {
  let listOrigins: (() => Promise<readonly string[]>) | undefined
  return async (scope) => {
    listOrigins ??= createOriginList(scope)
    return {
      'content-security-policy': createPolicy(await listOrigins()),
      'cross-origin-opener-policy': 'same-origin-allow-popups',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff'
    }
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

function createOriginList (scope: FastifyInstance): () => Promise<readonly string[]> {
  const mounts = [...findRegistry(scope) ?? []]
  const issuers = new Set(mounts.flatMap((mount) => {
    const { auth } = findMounted(mount).parts.options
    return auth !== undefined && 'verify' in auth ? auth.authorizationServers : []
  }))
  // The app is not asked about itself.
  const own = new Set(mounts.flatMap(({ url }) => URL.canParse(url) ? new URL(url).origin : []))
  const others = [...issuers].filter((issuer) => !own.has(new URL(issuer).origin))
    .map((issuer) => new ServerOrigins(issuer, { log: scope.log }))

  return async () => {
    const found = await Promise.all(others.map(async (server) => await server.list()))
    return [...new Set([...[...issuers].map((issuer) => new URL(issuer).origin), ...found.flat()])]
  }
}
