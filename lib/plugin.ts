// The Fastify plugin: one mount per registration.
import { setTimeout } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { createHealthRoutes } from './http/health.ts'
import { createLegacySseRoutes } from './http/legacy-sse.ts'
import { addHostStrategy } from './http/host-constraint.ts'
import { ANY_ORIGIN, LOOPBACK_HOSTS } from './http/host-check.ts'
import { addMetadataRoutes } from './http/metadata-route.ts'
import { createRoutes } from './http/route.ts'
import { createSideRoutes } from './http/side-routes.ts'
import { Mount } from './mount.ts'
import { listForeign } from './mount-checks.ts'
import { resolveOptions, type McpMountOptions, type ResolvedOptions } from './options.ts'
import { resolveRegistry, type McpRegistry } from './registry.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The MCP servers mounted in this app. */
    mcp: McpRegistry
  }

  interface FastifyContextConfig {
    /** Leaves a route among a mount's `routes` open to everybody: neither Host, Origin nor callers are checked. @default false */
    public?: boolean
  }
}

/**
 * Mounts a server definition at one endpoint. Register it as often as there are servers.
 *
 * @throws MCP_ERR_INVALID_OPTION, MCP_ERR_INVALID_SERVER, MCP_ERR_DUPLICATE_MOUNT, MCP_ERR_DUPLICATE_ENDPOINT
 * @example app.register(mcpPlugin, { prefix: '/notes', server: notes }) // POST /notes/mcp
 */
async function mcpMount (app: FastifyInstance, options: McpMountOptions): Promise<void> {
  const resolved = resolveOptions(options)
  const registry = resolveRegistry(app)
  const mount = new Mount(app, resolved)
  registry.add(mount)
  warnOfForeign(app, mount, options)
  addHostStrategy(app)
  addMetadata(app, mount, resolved)

  // A scope of its own: hooks, body parsers and error handler never reach the host app.
  const { prefix, logLevel, health, routes } = resolved
  const endpoints = [createRoutes(mount, resolved), ...mount.legacySse === undefined ? [] : createLegacySseRoutes(mount, mount.legacySse, resolved)]
  for (const endpoint of endpoints) await app.register(endpoint, { prefix, ...(logLevel !== undefined && { logLevel }) })
  if (health !== false) await app.register(createHealthRoutes(mount, health), { prefix })
  if (routes !== undefined) await app.register(createSideRoutes(routes, mount, resolved), { prefix })
  addLifecycle(app, registry, mount)
  app.addHook('onListen', async function announceMcpMount () { announce(app, mount, resolved) })
}

function warnOfForeign (app: FastifyInstance, { name }: Mount, options: McpMountOptions): void {
  const foreign = listForeign(options)
  if (foreign.length === 0) return
  app.log.warn({ mcp: name }, `MCP server ${name} ignores the options '${foreign.join("', '")}', which no mount has`)
}

function addMetadata (app: FastifyInstance, { resources, legacySse, definition: { info }, name }: Mount, { auth, constraints, logLevel }: ResolvedOptions): void {
  if (auth === undefined || !('verify' in auth) || resources === undefined) return
  const settings = { auth, resources, name: info?.title ?? info?.name ?? name, constraints, logLevel }
  addMetadataRoutes(app, settings)
  if (legacySse?.resources !== undefined) addMetadataRoutes(app, { ...settings, auth: { ...auth, wellKnownAlias: false }, resources: legacySse.resources })
}

function addLifecycle (app: FastifyInstance, registry: McpRegistry, mount: Mount): void {
  app.addHook('onReady', async function startMcpMount () {
    await registry.start(mount)
    app.log.info({ mcp: mount.name }, `MCP server ${mount.name} is ready at ${mount.url}`)
    for (const warning of listWarnings(mount.options)) app.log.warn({ mcp: mount.name }, warning)
  })
  // Not in onClose: Fastify runs that one only after the requests in flight have ended.
  app.addHook('preClose', async function drainMcpMount () { await Promise.race([registry.drain(), longEnough(app)]) })
  app.addHook('onClose', async function stopMcpMount () {
    await registry.drain()
    await registry.stop(mount)
  })
}

// What an operator has allowed and should know of.
function listWarnings ({ allowedOrigins, auth }: ResolvedOptions): readonly string[] {
  const warnings = []
  if (allowedOrigins === ANY_ORIGIN) {
    warnings.push("allowedOrigins is '*': pages of every website may send requests to this mount, and only 'auth' tells who they are for; list the origins if you know them")
  }
  if (auth !== undefined && 'verify' in auth && auth.verify.warning !== undefined) warnings.push(auth.verify.warning)
  return warnings
}

// An app whose preClose hooks take longer than its pluginTimeout fails to close. What is still being served then Fastify waits
// for, as for any request; it only takes no new connections any more.
function longEnough ({ initialConfig: { pluginTimeout = 0 } }: FastifyInstance): Promise<void> {
  return pluginTimeout === 0 ? new Promise(() => {}) : setTimeout(pluginTimeout / 2, undefined, { ref: false })
}

// Only now is there an address; and one beyond this machine is of no use while the guard lets only this machine pass.
function announce (app: FastifyInstance, mount: Mount, options: ResolvedOptions): void {
  app.log.info({ mcp: mount.name }, `MCP server ${mount.name} listens at ${mount.url}`)
  if (servesLoopbackOnly(options) && !listensOnLoopback(app)) {
    app.log.warn({ mcp: mount.name },
      "this app listens beyond this machine, but the mount serves only requests addressed to localhost; set 'allowedHosts' or 'publicUrl' to the name that clients use")
  }
}

function servesLoopbackOnly ({ allowedHosts, dnsRebindingProtection }: ResolvedOptions): boolean {
  return dnsRebindingProtection && allowedHosts.every((host) => LOOPBACK_HOSTS.includes(host))
}

function listensOnLoopback (app: FastifyInstance): boolean {
  return app.addresses().every((address) => typeof address === 'string' || address.address === '::1' || address.address.startsWith('127.'))
}

// Unwrapped, Fastify would apply the prefix twice and could not serve documents at the root.
/** @function */
export default fp(mcpMount, { name: 'fastify-mcp-mount', fastify: '5.x' })
