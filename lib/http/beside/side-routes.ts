// Adds the user's own routes below the prefix of the mount.
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { resolveConstraints } from '../guard/host-constraint.ts'
import type { MountParts } from '../parts.ts'
import { identifyScope } from '../reply/http-events.ts'
import { protectRoutes } from '../guard/protection.ts'

/** Creates the plugin of the user's routes. They share only the endpoint's protection and constraints. */
export function createSideRoutes (routes: FastifyPluginAsync, parts: MountParts): FastifyPluginAsync {
  const { constraints } = parts.options

  return async function mcpSideRoutes (scope: FastifyInstance) {
    identifyScope(scope, parts.identity)
    protectRoutes(scope, parts)
    if (constraints !== undefined) {
      scope.addHook('onRoute', (route) => {
        route.constraints = { ...constraints, ...resolveConstraints(route.constraints ?? {}) }
      })
    }
    await scope.register(routes)
  }
}
