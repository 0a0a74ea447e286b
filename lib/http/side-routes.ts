// Ordinary routes beside the endpoint: the user's own, below the mount's prefix.
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { Mount } from '../mount.ts'
import type { ResolvedOptions } from '../options.ts'
import { resolveConstraints } from './host-constraint.ts'
import { protectRoutes } from './protection.ts'

/** Builds the plugin of the routes beside the endpoint. They share its protection and its constraints, and nothing else. */
export function createSideRoutes (routes: FastifyPluginAsync, mount: Mount, options: ResolvedOptions): FastifyPluginAsync {
  const { constraints } = options

  return async function mcpSideRoutes (scope: FastifyInstance) {
    protectRoutes(scope, mount, options)
    if (constraints !== undefined) {
      scope.addHook('onRoute', (route) => { route.constraints = { ...constraints, ...resolveConstraints(route.constraints ?? {}) } })
    }
    await scope.register(routes)
  }
}
