// The routes of each app, collected from its first one on, whatever order an app registers them and its mounts in.
import { subscribe } from 'node:diagnostics_channel'
import type { Server } from 'node:http'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { findRoot } from '../root.ts'

/** A route as it was registered. */
export interface CollectedRoute {
  /** The scope that the route was registered in. */
  readonly scope: FastifyInstance
  /** The URL with all prefixes. */
  readonly url: string
  /** The options, with the changes that the app and its plugins have made until they are read. */
  readonly options: Readonly<RouteOptions>
}

/** The routes of one app. */
export interface RouteLog {
  /** Whether the routes are collected from the first one on. */
  readonly isWhole: boolean
  readonly routes: readonly CollectedRoute[]
}

class Collected implements RouteLog {
  readonly isWhole: boolean
  // Scopes inside each other may each have a hook that sees a route.
  readonly #routes = new Map<object, CollectedRoute>()

  constructor (isWhole: boolean) {
    this.isWhole = isWhole
  }

  get routes (): readonly CollectedRoute[] { return [...this.#routes.values()] }

  add (scope: FastifyInstance, options: RouteOptions): void {
    // Fastify uses the options again for another spelling of the URL.
    if (!this.#routes.has(options)) this.#routes.set(options, { scope, url: options.url, options })
  }

  clear (): void { this.#routes.clear() }
}

// All scopes of an app share its HTTP server.
const logs = new WeakMap<Server, Collected>()

function watch (app: FastifyInstance, log: Collected): void {
  app.addHook('onRoute', function collectRoute (options) { log.add(this, options) })
  app.addHook('onReady', async function forgetRoutes () {
    // Mounts read the routes in hooks that run later. Inside a hook, the root's ready() returns the start that is going
    // on. The ready() of a scope below it is avvio's, which fails there.
    const forget = (): void => log.clear()
    findRoot(app).ready().then(forget, forget)
  })
}

// Published for each app when it is made, before it has any route.
subscribe('fastify.initialization', (message) => {
  // Fastify publishes nothing else on this channel.
  const { fastify: app } = message as { readonly fastify: FastifyInstance }
  const log = new Collected(true)
  logs.set(app.server, log)
  watch(app, log)
})

/**
 * Returns the routes of an app, which are known until it is ready. Where the app was made before this module was
 * loaded, those that are registered on the scope, or below it, from now on.
 */
export function collectRoutes (scope: FastifyInstance): RouteLog {
  const known = logs.get(scope.server)
  if (known?.isWhole === true) return known
  const log = known ?? new Collected(false)
  logs.set(scope.server, log)
  watch(scope, log)
  return log
}
