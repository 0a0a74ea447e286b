// What keeps the routes of this package out of the API document of the app.
import type { FastifySchema } from 'fastify'

/** The schema of a route that `@fastify/swagger` leaves out: its methods and bodies are those of MCP, not of the app's API. */
export function undocumented (): FastifySchema {
  // A new object each time, because Fastify and hooks of the app write to the schemas of routes.
  const schema: FastifySchema & { readonly hide: true } = { hide: true }
  return schema
}
