// app.mcp: the mounts of one app.
import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { MCP_ERR_DUPLICATE_ENDPOINT, MCP_ERR_DUPLICATE_MOUNT, MCP_ERR_UNKNOWN_MOUNT } from './errors.ts'
import { findRoot } from './http/root.ts'
import { ServerConnections } from './http/server-connections.ts'
import type { Mount } from './mount.ts'

/** The mounts of one app, whichever scope each was registered in. */
export class McpRegistry implements Iterable<Mount> {
  readonly #mounts = new Map<string, Mount>()
  readonly #endpoints = new Map<string, string>()
  readonly #started: Mount[] = []
  readonly #connections: ServerConnections
  #drained: Promise<unknown> | undefined

  /** @internal */
  constructor (server: Server) {
    this.#connections = new ServerConnections(server)
  }

  /** How many mounts there are. */
  get size (): number { return this.#mounts.size }

  /** Whether there is a mount of that name. */
  has (name: string): boolean {
    return this.#mounts.has(name)
  }

  /** Finds a mount by its name. @throws MCP_ERR_UNKNOWN_MOUNT */
  get (name: string): Mount {
    const mount = this.#mounts.get(name)
    if (mount === undefined) throw new MCP_ERR_UNKNOWN_MOUNT(name, [...this.#mounts.keys()].join(', ') || 'none')
    return mount
  }

  /** The mounts in the order in which they were registered. */
  [Symbol.iterator] (): Iterator<Mount> {
    return this.#mounts.values()
  }

  /** @internal Adds a mount. @throws MCP_ERR_DUPLICATE_MOUNT, MCP_ERR_DUPLICATE_ENDPOINT */
  add (mount: Mount): void {
    if (this.#mounts.has(mount.name)) throw new MCP_ERR_DUPLICATE_MOUNT(mount.name)
    for (const [key, path] of mount.endpoints) {
      const holder = this.#endpoints.get(key)
      if (holder !== undefined) throw new MCP_ERR_DUPLICATE_ENDPOINT(path, holder)
    }

    this.#mounts.set(mount.name, mount)
    for (const key of mount.endpoints.keys()) this.#endpoints.set(key, mount.name)
  }

  /** @internal Waits for the requests that all mounts are serving, all of them at once. */
  drain (): Promise<unknown> {
    this.#drained ??= this.#drain()
    return this.#drained
  }

  #drain (): Promise<unknown> {
    this.#connections.endUnused()
    return Promise.all([...this.#mounts.values()].map((mount) => mount.drain()))
  }

  /** @internal Starts a mount; when it fails to, those that have started are stopped. */
  async start (mount: Mount): Promise<void> {
    try {
      await mount.start()
    } catch (error) {
      // The error that is to be seen is that of the start; the others have been logged.
      await this.#stopDownTo(0).catch(() => {})
      throw error
    }
    this.#started.push(mount)
  }

  /** @internal Stops a mount, but those first that started later: nested scopes start last, and may be registered first. */
  async stop (mount: Mount): Promise<void> {
    const position = this.#started.indexOf(mount)
    if (position !== -1) await this.#stopDownTo(position)
  }

  // One that fails to stop keeps no other from it.
  async #stopDownTo (position: number): Promise<void> {
    const failures: unknown[] = []
    for (const mount of this.#started.splice(position).reverse()) {
      await mount.stop().catch((error: unknown) => { failures.push(error) })
    }
    if (failures.length > 0) throw failures[0]
  }
}

// Every scope of an app has the app's HTTP server, and nothing else in common that a plugin may reach.
const registries = new WeakMap<Server, McpRegistry>()

/**
 * Finds the registry of the app that a scope belongs to, and makes it where there is none. It decorates the root of the app as
 * `mcp`, unless that name is taken: every scope inherits it, whichever one a mount is in.
 */
export function resolveRegistry (scope: FastifyInstance): McpRegistry {
  const registry = findRegistry(scope) ?? new McpRegistry(scope.server)
  registries.set(scope.server, registry)
  if (!scope.hasDecorator('mcp')) findRoot(scope).decorate('mcp', registry)
  else if (scope.mcp !== registry) scope.log.warn("app.mcp is not the registry of MCP mounts: the app, or another plugin, has a decorator 'mcp' of its own; name that one otherwise")
  return registry
}

/** The registry of the app that a scope belongs to, wherever its mounts were registered; undefined where there is none. */
export function findRegistry (scope: FastifyInstance): McpRegistry | undefined {
  return registries.get(scope.server)
}
