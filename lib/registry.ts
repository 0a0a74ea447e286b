// app.mcp: the mounts of one app.
import type { Server as NetServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { AppDrain, type DrainOptions } from './app-drain.ts'
import type { Mounted } from './create-mount.ts'
import { MCP_ERR_DUPLICATE_ENDPOINT, MCP_ERR_DUPLICATE_MOUNT, MCP_ERR_UNKNOWN_MOUNT } from './errors.ts'
import { findRoot } from './root.ts'
import type { MountStats } from './http/mount-stats.ts'
import type { Mount } from './mount.ts'

/**
 * The mounts of one app, from all of its scopes. It is `app.mcp` and can be iterated.
 * @example for (const mount of app.mcp) app.log.info(mount.url)
 */
export class McpRegistry implements Iterable<Mount> {
  readonly #mounts = new Map<string, Mounted>()
  readonly #endpoints = new Map<string, string>()
  readonly #started: Mounted[] = []
  readonly #drain: AppDrain
  readonly #endings: Array<() => Promise<unknown>> = []
  /** @internal The path of the explorer, if the app has one without parameters in its path. */
  explorer: string | undefined

  /** @internal @param root The root of the app. */
  constructor (root: FastifyInstance) {
    this.#drain = new AppDrain(root, this.#mounts)
  }

  /** The number of mounts. */
  get size (): number { return this.#mounts.size }

  /** Returns whether a mount has that name. */
  has (name: string): boolean {
    return this.#mounts.has(name)
  }

  /** Returns the mount with that name. @throws MCP_ERR_UNKNOWN_MOUNT if there is none. */
  get (name: string): Mount {
    const mounted = this.#mounts.get(name)
    if (mounted === undefined) throw new MCP_ERR_UNKNOWN_MOUNT(name, [...this.#mounts.keys()].join(', ') || 'none')
    return mounted.face
  }

  /**
   * Returns the current load of all mounts, by their names.
   * @example app.get('/metrics', async () => app.mcp.stats())
   */
  stats (): Readonly<Record<string, MountStats>> {
    return Object.fromEntries([...this].map((mount) => [mount.name, mount.stats()]))
  }

  /** Iterates over the mounts in the order of their registration. */
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

  /**
   * Closes the app so that no call is lost. First, readiness turns 503 and each reply closes its connection, while
   * everything is still served. After `delay`, the app refuses new connections, ends the streams on which clients
   * listen, and waits for the calls that are running, up to `closeGracePeriod`. Then it closes. Call it in place of
   * `app.close()`; {@link closeOnSignal} does. A second call does nothing.
   *
   * @returns A promise that resolves when the app has closed, and rejects if `app.close()` does.
   * @throws MCP_ERR_INVALID_OPTION
   * @example await app.mcp.drain({ delay: 5000 })
   */
  async drain (options: DrainOptions = {}): Promise<void> {
    await this.#drain.begin(options)
  }

  /** @internal Ends the streams of all mounts, and waits for the requests that they are serving. */
  endCalls (): Promise<unknown> {
    return Promise.all([this.#drain.endCalls(), ...this.#endings.map((end) => end())])
  }

  /** @internal Has something beside the app end with its calls. It may be asked to end several times. */
  endWithCalls (end: () => Promise<unknown>): void {
    this.#endings.push(end)
  }

  /** @internal Starts a mount. If it fails to start, the mounts that have started are stopped. */
  async start (mounted: Mounted): Promise<void> {
    try {
      await mounted.start()
    } catch (error) {
      // The app fails with the error of starting. The errors of stopping have been logged.
      await this.#stopDownTo(0).catch(() => {})
      throw error
    }
    this.#started.push(mounted)
  }

  /**
   * @internal Stops a mount, and first the mounts that started after it. Nested scopes start last, but may have been
   * registered first.
   */
  async stop (mounted: Mounted): Promise<void> {
    const position = this.#started.indexOf(mounted)
    if (position !== -1) await this.#stopDownTo(position)
  }

  // If a mount fails to stop, the others are still stopped.
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

/** Returns the internal parts of a mount. */
export function findMounted (face: Mount): Mounted {
  // The cast holds, because the registry has added every mount that it returns.
  return mountedOf.get(face) as Mounted
}

// The HTTP server is the only object that all scopes of an app share and a plugin can reach.
const registries = new WeakMap<NetServer, McpRegistry>()

/**
 * Finds the registry of the app that a scope belongs to, or creates it. The registry decorates the root of the app as
 * `mcp`, unless that name is taken, so that every scope inherits it.
 */
export function resolveRegistry (scope: FastifyInstance): McpRegistry {
  const registry = findRegistry(scope) ?? new McpRegistry(findRoot(scope))
  registries.set(scope.server, registry)
  if (!scope.hasDecorator('mcp')) findRoot(scope).decorate('mcp', registry)
  else if (scope.mcp !== registry) {
    scope.log.warn('app.mcp is not the registry of MCP mounts: the app, or another plugin, has a decorator ' +
      "'mcp' of its own; rename that decorator")
  }
  return registry
}

/** Lets another app, which serves requests of the same server, see the mounts of a registry. */
export function lendRegistry (registry: McpRegistry, borrower: FastifyInstance): void {
  registries.set(borrower.server, registry)
}

/** Finds the registry of the app that a scope belongs to; undefined if nothing is mounted. */
export function findRegistry (scope: { readonly server: NetServer }): McpRegistry | undefined {
  return registries.get(scope.server)
}
