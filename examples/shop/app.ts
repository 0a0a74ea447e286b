// The app: the plugins that its routes need, a plugin for each group of routes, and the mount that turns routes into
// tools.
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import mcpPlugin, { type AuthInfo } from 'fastify-mcp-mount'
import access, { callerOf } from './access.ts'
import database from './database.ts'
import account from './routes/account.ts'
import documents from './routes/documents.ts'
import orders from './routes/orders.ts'
import products from './routes/products.ts'
import reports from './routes/reports.ts'
import schemas from './schemas.ts'

/** Builds the app. */
export function buildApp (): FastifyInstance {
  // Creating a database takes seconds, and may exceed Fastify's default of ten on a busy machine.
  const app = Fastify({ logger: true, pluginTimeout: 60_000 })
  app.register(swagger, { openapi: { info: { title: 'Shop', version: '1.0.0' } } })
  app.register(database)
  app.register(access)
  // A caller shares one limit between HTTP and MCP, because a call of a tool is a request like any other.
  app.register(rateLimit, {
    global: false,
    hook: 'preHandler',
    keyGenerator: ({ user, ip }) => user === null ? ip : callerOf(user).sub
  })
  app.register(schemas)
  for (const routes of [documents, account, products, orders, reports]) app.register(routes)

  app.register(mcpPlugin, {
    // The shop issues the token for its API and for its MCP endpoint alike, so the routes may see it.
    expose: { name: 'Shop', version: '1.0.0', forward: ['authorization'] },
    auth: { authenticate: findCaller }
  })
  return app
}

async function findCaller (request: FastifyRequest): Promise<AuthInfo | null> {
  try {
    const { sub, role } = await request.jwtVerify<{ sub: string, role: string }>()
    return { token: '', clientId: 'shop', subject: sub, scopes: role === 'staff' ? ['staff'] : [] }
  } catch {
    return null
  }
}
