// Keeps the routes of this package out of the app's API document.
import type { FastifySchema } from 'fastify'

/**
 * Returns a route schema that makes `@fastify/swagger` leave out the route: its methods and bodies belong to MCP, and
 * not to the app's API.
 */
export function undocumented (): FastifySchema {
  // A new object each time, because Fastify and hooks of the app write to the schemas of routes.
  const schema: FastifySchema & { readonly hide: true } = { hide: true }
  return schema
}
