// The app, which mounts the server. Add your own routes here.
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import mcpPlugin from 'fastify-mcp-mount'
// #with auth
import { jwtVerifier } from 'fastify-mcp-mount'
// #end
// #with redis
import { redisCluster } from 'fastify-mcp-mount/redis'
// #end
import type { Config } from './config.ts'
import server from './server.ts'

export function createApp (config: Partial<Config> = {}, options: FastifyServerOptions = {}): FastifyInstance {
  const { publicUrl, allowedHosts } = config
  const app = Fastify(options)
  app.register(mcpPlugin, {
    server,
    // GET /health
    health: true,
    ...(publicUrl && { publicUrl }),
    ...(allowedHosts && { allowedHosts }),
    // #with redis
    // All processes with the same Redis serve the same clients.
    ...(config.redisUrl && { cluster: redisCluster({ url: config.redisUrl }) }),
    // #end
    // #with auth
    // Clients need an access token of this authorization server, issued for the URL of the endpoint.
    ...(config.authIssuer && {
      auth: { verify: jwtVerifier({ issuer: config.authIssuer }), authorizationServers: [config.authIssuer] }
    })
    // #end
  })
  return app
}
