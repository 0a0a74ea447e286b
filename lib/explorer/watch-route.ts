// The route of the pages that watch. Only loaded if the explorer has the option `watch`.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { undocumented } from '../http/beside/api-document.ts'
import { createHostCheck, LOOPBACK_HOSTS } from '../http/guard/host-check.ts'
import { keepConnectionOpen, longestHandlerTimeout } from '../http/timeouts.ts'
import { findMounted, resolveRegistry, type McpRegistry } from '../registry.ts'
import { CallFeed } from './call-feed.ts'
import type { ResolvedWatch } from './watch-options.ts'

// Seconds after which a page asks again for a place.
const RETRY = 5

interface Refusal {
  readonly statusCode: number
  readonly error: string
  readonly message: string
}

const FOREIGN: Refusal = Object.freeze({
  statusCode: 403, error: 'Forbidden', message: 'Only the page of the explorer may watch.'
})

const WRONG_HOST: Refusal = Object.freeze({
  statusCode: 421,
  error: 'Misdirected Request',
  message: "No mount serves this host: add it to 'allowedHosts' of a mount, or set 'publicUrl' or 'authorize'."
})

/**
 * Adds the route.
 * @param checksHost Whether the host has to be one that a mount serves. Otherwise, a page of another site could read
 * the calls of an app that only this machine can reach, by DNS rebinding.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function addWatchRoute (
  scope: FastifyInstance, options: ResolvedWatch, { checksHost }: { readonly checksHost: boolean }
): void {
  const registry = resolveRegistry(scope)
  const feed = new CallFeed(registry, options)
  let isServed: ((host: string) => boolean) | undefined

  function findRefusal (request: FastifyRequest): Refusal | undefined {
    if (!isOfSameOrigin(request)) return FOREIGN
    isServed ??= checksHost ? createAppHostCheck(registry) : () => true
    if (!isServed(request.headers.host ?? '')) return WRONG_HOST
    if (feed.hasPlace) return undefined
    const message = `${options.maxWatchers} pages watch already, which is the limit 'watch.maxWatchers'.`
    return { statusCode: 503, error: 'Service Unavailable', message }
  }

  async function watch (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const refusal = findRefusal(request)
    if (refusal === undefined) {
      feed.watch(reply)
      return reply
    }
    if (refusal.statusCode === 503) reply.header('retry-after', RETRY)
    return reply.code(refusal.statusCode).header('cache-control', 'no-store').send(refusal)
  }

  keepConnectionOpen(scope)
  scope.get('/calls', {
    schema: undocumented(), exposeHeadRoute: false, ...longestHandlerTimeout(scope)
  }, watch)
  // Not in onClose, which Fastify runs only after all requests have ended.
  scope.addHook('preClose', async function endWatching () { await feed.end() })
}

// The app may allow pages of other origins to read its replies (CORS), but not these.
function isOfSameOrigin ({ headers }: FastifyRequest): boolean {
  const { origin, host, 'sec-fetch-site': site = 'same-origin' } = headers
  return site === 'same-origin' && (origin === undefined || origin.replace(/^https?:\/\//, '') === host)
}

// The mounts are known once the app is ready.
function createAppHostCheck (mounts: McpRegistry): (host: string) => boolean {
  const checks = [...mounts].map((mount) => {
    const { allowedHosts, dnsRebindingProtection } = findMounted(mount).parts.options
    return createHostCheck(dnsRebindingProtection ? allowedHosts : '*')
  })
  return (host) => checks.some((isAllowed) => isAllowed(host)) || createHostCheck(LOOPBACK_HOSTS)(host)
}
