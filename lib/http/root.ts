// The instance that an app was made with.
import type { FastifyInstance } from 'fastify'

/** Finds the root of the app that a scope belongs to: Fastify makes each scope from the one around it, by prototype. */
export function findRoot (scope: FastifyInstance): FastifyInstance {
  const parent: FastifyInstance | null = Object.getPrototypeOf(scope)
  return parent?.server === scope.server ? findRoot(parent) : scope
}
