// The Fastify plugin: one mount per registration.
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { doNothing } from './do-nothing.ts'
import { createEndpointPage } from './endpoint-page.ts'
import { createHealthRoutes } from './http/beside/health.ts'
import { createLegacySseRoutes } from './http/sse-2024/routes.ts'
import { addHostStrategy } from './http/guard/host-constraint.ts'
import { ANY_ORIGIN, LOOPBACK_HOSTS } from './http/guard/host-check.ts'
import { addMetadataRoutes } from './http/beside/metadata-route.ts'
import type { AnyMountOptions, McpMountOptions, RouteMountOptions } from './http/mount-options.ts'
import { listForeign, resolveOptions, type ResolvedOptions } from './http/resolve-options.ts'
import { createRoutes } from './http/route.ts'
import { createSideRoutes } from './http/beside/side-routes.ts'
import { prepareScope } from './routes/app.ts'
import type { RouteToolConfig } from './routes/route-config.ts'
import type { RequestContext } from './server/call/request-context.ts'
import { createMount, type Mounted } from './create-mount.ts'
import { resolveRegistry, type McpRegistry } from './registry.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The MCP servers mounted in this app. */
    mcp: McpRegistry
  }

  interface FastifyRequest {
    /** The call that this request serves, where it is one of a tool that a route is; see the option `expose`. */
    mcp?: RequestContext | undefined
  }

  // What OpenAPI says of a route, with the types of @fastify/swagger, which may be installed as well.
  interface FastifySchema {
    hide?: boolean
    tags?: readonly string[]
    description?: string
    summary?: string
    operationId?: string
  }

  interface FastifyContextConfig {
    /** Makes the route a tool of the mounts that expose routes; `false` takes it out, whatever they include. */
    mcp?: boolean | RouteToolConfig
    /** Makes a route of a mount's `routes` public: Host, Origin and caller are not checked. @default false */
    public?: boolean
  }
}

/**
 * The Fastify plugin. Each registration mounts one server at one endpoint, and adds it to `app.mcp`. Register it once
 * for each server, in any scope.
 *
 * @throws MCP_ERR_INVALID_OPTION, MCP_ERR_INVALID_SERVER, MCP_ERR_DUPLICATE_MOUNT, MCP_ERR_DUPLICATE_ENDPOINT
 * @see https://modelcontextprotocol.io/specification/2026-07-28
 * @example app.register(mcpPlugin, { prefix: '/notes', server: notes }) // POST /notes/mcp
 */
async function mcpMount (app: FastifyInstance, given: McpMountOptions | RouteMountOptions): Promise<void> {
  const options = resolveOptions(given)
  const registry = resolveRegistry(app)
  const mounted = createMount(app, options)
  registry.add(mounted)
  warnOfForeign(mounted, given)
  addHostStrategy(app)
  addMetadata(app, mounted)
  if (options.expose !== false) prepareScope(app)

  // A scope of its own: hooks, body parsers and error handler never reach the host app.
  const { parts, legacySse } = mounted
  const { prefix, logLevel, health, routes } = options
  const endpoints = [
    createRoutes(parts, createEndpointPage(mounted, registry)),
    ...legacySse === undefined ? [] : createLegacySseRoutes(parts, legacySse)
  ]
  for (const endpoint of endpoints) {
    await app.register(endpoint, { prefix, ...(logLevel !== undefined && { logLevel }) })
  }
  if (health !== false) await app.register(createHealthRoutes(parts, health), { prefix })
  if (routes !== undefined) await app.register(createSideRoutes(routes, parts), { prefix })
  addLifecycle(app, registry, mounted)
  app.addHook('onListen', async function announceMcpMount () { announce(app, mounted) })
}

function warnOfForeign ({ parts: { log, name } }: Mounted, given: AnyMountOptions): void {
  const foreign = listForeign(given)
  if (foreign.length === 0) return
  log.warn(`MCP server ${name} ignores the options '${foreign.join("', '")}', which no mount has`)
}

function addMetadata (app: FastifyInstance, { parts, resources, legacySse }: Mounted): void {
  const { definition: { info }, options: { auth, constraints, logLevel } } = parts
  if (auth === undefined || !('verify' in auth) || resources === undefined) return
  const settings = { auth, resources, name: info?.title ?? info?.name ?? parts.name, constraints, logLevel }
  addMetadataRoutes(app, settings)
  if (legacySse?.resources !== undefined) {
    addMetadataRoutes(app, { ...settings, auth: { ...auth, wellKnownAlias: false }, resources: legacySse.resources })
  }
}

function addLifecycle (app: FastifyInstance, registry: McpRegistry, mounted: Mounted): void {
  const { face, parts: { log, name, options } } = mounted
  let endWarnings = doNothing
  app.addHook('onReady', async function startMcpMount () {
    await registry.start(mounted)
    log.info(`MCP server ${name} is ready at ${face.url}`)
    for (const warning of listWarnings(options)) log.warn(warning)
    endWarnings = logWarnings(registry, mounted)
  })
  // Not in onClose: Fastify runs that hook only after the requests in flight have ended.
  app.addHook('preClose', async function drainMcpMount () {
    await Promise.race([registry.endCalls(), drainTimeout(app)])
  })
  app.addHook('onClose', async function stopMcpMount () {
    endWarnings()
    await registry.endCalls()
    await registry.stop(mounted)
  })
}

// Logs the warnings meant for the author of the server. If several mounts of an app serve it, only the first logs them.
function logWarnings (registry: McpRegistry, { face, parts: { log, definition } }: Mounted): () => void {
  const first = [...registry].find(({ server }) => server === face.server)
  const end = first === face ? definition.onWarning?.((warning) => { log.warn(warning) }) : undefined
  return end ?? doNothing
}

// Lists warnings for the operator about what the options allow.
function listWarnings ({ allowedOrigins, auth }: ResolvedOptions): readonly string[] {
  const warnings = []
  if (allowedOrigins === ANY_ORIGIN) {
    warnings.push("allowedOrigins is '*': pages of every website may send requests to this mount, so only 'auth' can " +
      'keep strangers out; list the origins if you know them')
  }
  if (auth !== undefined && 'verify' in auth && auth.verify.warning !== undefined) warnings.push(auth.verify.warning)
  return warnings
}

// Fastify fails to close an app whose preClose hooks take longer than its pluginTimeout, so wait half of that at most.
// After the hooks, Fastify itself waits for the requests that are still being served, and accepts no new connections.
function drainTimeout ({ initialConfig: { pluginTimeout = 0 } }: FastifyInstance): Promise<void> {
  return pluginTimeout === 0 ? new Promise(() => {}) : setTimeout(pluginTimeout / 2, undefined, { ref: false })
}

// Logs the URL, which is known once the app listens, and warns if other machines can connect but the guard refuses
// them.
function announce (app: FastifyInstance, { face, parts: { log, name, options } }: Mounted): void {
  log.info(`MCP server ${name} listens at ${face.url}`)
  if (servesLoopbackOnly(options) && !listensOnLoopback(app)) {
    log.warn('this app listens beyond this machine, but the mount serves only requests addressed to localhost; ' +
      "set 'allowedHosts' or 'publicUrl' to the name that clients use")
  }
}

function servesLoopbackOnly ({ allowedHosts, dnsRebindingProtection }: ResolvedOptions): boolean {
  return dnsRebindingProtection && allowedHosts.every((host) => LOOPBACK_HOSTS.includes(host))
}

function listensOnLoopback (app: FastifyInstance): boolean {
  return app.addresses().every((address) => {
    return typeof address === 'string' || address.address === '::1' || address.address.startsWith('127.')
  })
}

// Unwrapped, Fastify would apply the prefix twice and could not serve documents at the root.
/** @function */
export default fp(mcpMount, { name: 'fastify-mcp-mount', fastify: '5.x' })
