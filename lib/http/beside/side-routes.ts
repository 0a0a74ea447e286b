// Ordinary routes beside the endpoint: the user's own, below the mount's prefix.
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { resolveConstraints } from '../guard/host-constraint.ts'
import type { MountParts } from '../parts.ts'
import { protectRoutes } from '../guard/protection.ts'

/** Creates the plugin of the routes beside the endpoint, which share its protection and constraints only. */
export function createSideRoutes (routes: FastifyPluginAsync, parts: MountParts): FastifyPluginAsync {
  const { constraints } = parts.options

  return async function mcpSideRoutes (scope: FastifyInstance) {
    protectRoutes(scope, parts)
    if (constraints !== undefined) {
      scope.addHook('onRoute', (route) => {
        route.constraints = { ...constraints, ...resolveConstraints(route.constraints ?? {}) }
      })
    }
    await scope.register(routes)
  }
}
