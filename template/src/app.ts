// The app: where the server is mounted, beside whatever else it serves.
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import mcpPlugin from 'fastify-mcp-mount'
import server from './server.ts'

/** Where clients reach the app, if not at localhost: other hosts are refused. */
export interface AppOptions extends FastifyServerOptions {
  readonly publicUrl?: string | undefined
}

export function createApp ({ publicUrl, ...options }: AppOptions = {}): FastifyInstance {
  const app = Fastify(options)
  app.register(mcpPlugin, { server, health: true, ...(publicUrl !== undefined && { publicUrl }) })
  return app
}
