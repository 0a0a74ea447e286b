// The root instance of an app.
import type { FastifyInstance } from 'fastify'

/** Finds the root of the app that a scope belongs to. The prototype of a scope is the scope around it. */
export function findRoot (scope: FastifyInstance): FastifyInstance {
  const parent: FastifyInstance | null = Object.getPrototypeOf(scope)
  return parent?.server === scope.server ? findRoot(parent) : scope
}
