// app.mcp: the mounts of one app.
import type { Server } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Mounted } from './create-mount.ts'
import { MCP_ERR_DUPLICATE_ENDPOINT, MCP_ERR_DUPLICATE_MOUNT, MCP_ERR_UNKNOWN_MOUNT } from './errors.ts'
import { findRoot } from './http/root.ts'
import { ServerConnections } from './http/server-connections.ts'
import type { Mount } from './mount.ts'

/** The mounts of one app, whichever scope each was registered in. */
export class McpRegistry implements Iterable<Mount> {
  readonly #mounts = new Map<string, Mounted>()
  readonly #endpoints = new Map<string, string>()
  readonly #started: Mounted[] = []
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
    const mounted = this.#mounts.get(name)
    if (mounted === undefined) throw new MCP_ERR_UNKNOWN_MOUNT(name, [...this.#mounts.keys()].join(', ') || 'none')
    return mounted.face
  }

  /** The mounts in the order in which they were registered. */
  [Symbol.iterator] (): Iterator<Mount> {
    return [...this.#mounts.values()].map(({ face }) => face).values()
  }

  /** @internal Adds a mount. @throws MCP_ERR_DUPLICATE_MOUNT, MCP_ERR_DUPLICATE_ENDPOINT */
  add (mounted: Mounted): void {
    const { face, endpoints, parts: { name } } = mounted
    if (this.#mounts.has(name)) throw new MCP_ERR_DUPLICATE_MOUNT(name)
    for (const [key, path] of endpoints) {
      const holder = this.#endpoints.get(key)
      if (holder !== undefined) throw new MCP_ERR_DUPLICATE_ENDPOINT(path, holder)
    }

    this.#mounts.set(name, mounted)
    for (const key of endpoints.keys()) this.#endpoints.set(key, name)
    mountedOf.set(face, mounted)
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

  /** @internal Starts a mount. If it fails to start, the mounts that have started are stopped. */
  async start (mounted: Mounted): Promise<void> {
    try {
      await mounted.start()
    } catch (error) {
      // The app fails with the error of the start; those of stopping have been logged.
      await this.#stopDownTo(0).catch(() => {})
      throw error
    }
    this.#started.push(mounted)
  }

  /**
   * @internal Stops a mount, and before it those that started later: nested scopes start last, but may be registered
   * first.
   */
  async stop (mounted: Mounted): Promise<void> {
    const position = this.#started.indexOf(mounted)
    if (position !== -1) await this.#stopDownTo(position)
  }

  // A mount that fails to stop does not keep the others from stopping.
  async #stopDownTo (position: number): Promise<void> {
    const failures: unknown[] = []
    for (const mounted of this.#started.splice(position).reverse()) {
      await mounted.stop().catch((error: unknown) => { failures.push(error) })
    }
    if (failures.length > 0) throw failures[0]
  }
}

// The parts of each mount, by its public face.
const mountedOf = new WeakMap<Mount, Mounted>()

/** Finds a mount with all its parts, by its public face. */
export function findMounted (face: Mount): Mounted {
  // The registry adds every mount that it hands out.
  return mountedOf.get(face) as Mounted
}

// The scopes of an app share its HTTP server, and nothing else that a plugin may reach.
const registries = new WeakMap<Server, McpRegistry>()

/**
 * Finds the registry of the app that a scope belongs to, or creates it. The registry decorates the root of the app as
 * `mcp`, unless that name is taken, so that every scope inherits it.
 */
export function resolveRegistry (scope: FastifyInstance): McpRegistry {
  const registry = findRegistry(scope) ?? new McpRegistry(scope.server)
  registries.set(scope.server, registry)
  if (!scope.hasDecorator('mcp')) findRoot(scope).decorate('mcp', registry)
  else if (scope.mcp !== registry) {
    scope.log.warn('app.mcp is not the registry of MCP mounts: the app, or another plugin, has a decorator ' +
      "'mcp' of its own; name that one otherwise")
  }
  return registry
}

/** Finds the registry of the app that a scope belongs to; undefined where nothing is mounted. */
export function findRegistry (scope: FastifyInstance): McpRegistry | undefined {
  return registries.get(scope.server)
}
