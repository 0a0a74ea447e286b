// What keeps the routes of this package out of the API document of the app.
import type { FastifySchema } from 'fastify'

/**
 * Returns the schema of a route that `@fastify/swagger` leaves out: its methods and bodies belong to MCP, not to the
 * app's API.
 */
export function undocumented (): FastifySchema {
  // A new object each time, because Fastify and hooks of the app write to the schemas of routes.
  const schema: FastifySchema & { readonly hide: true } = { hide: true }
  return schema
}
