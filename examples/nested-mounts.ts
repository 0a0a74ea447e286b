// Mounts in nested scopes with their own prefixes, such as the versions and areas of an API. The hooks of a scope apply
// to the mounts in it and to no others. Try it:
// curl -i -X POST http://127.0.0.1:8000/api/staff/mcp -H 'Content-Type: application/json' -d '{}'
import Fastify, { type FastifyInstance } from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'

const { STAFF_KEY = 'letmein' } = process.env

const opening = new McpServer({ name: 'Opening hours', version: '1.0.0' })
opening.registerTool('opening_hours', {
  description: 'Tell when the museum is open.',
  inputSchema: Type.Object({ day: Type.Union([Type.Literal('weekday'), Type.Literal('weekend')]) })
}, ({ day }, { request }) => {
  // The parameters of a prefix are in the request, e.g. at /api/museum/halls/3/mcp.
  const { hall } = (request?.params ?? {}) as { hall?: string }
  return `${hall === undefined ? 'The museum' : `Hall ${hall}`} is open from 10:00 to ${day === 'weekday' ? 18 : 20}:00`
})

const rota = new McpServer({ name: 'Rota', version: '1.0.0' })
rota.registerTool('who_works', { description: 'Tell who works today.' }, () => ['Ada', 'Grace'])

async function api (scope: FastifyInstance): Promise<void> {
  scope.addHook('onSend', async (_request, reply) => { reply.header('api-version', '1') })
  await scope.register(museum, { prefix: '/museum' })
  await scope.register(staff, { prefix: '/staff' })
}

// A server may be mounted several times; each mount needs its own name.
async function museum (scope: FastifyInstance): Promise<void> {
  scope.register(mcpPlugin, { server: opening, name: 'Museum' })
  scope.register(mcpPlugin, { server: opening, name: 'Hall', prefix: '/halls/:hall' })
}

async function staff (scope: FastifyInstance): Promise<void> {
  scope.addHook('onRequest', async (request, reply) => {
    if (request.headers['x-staff-key'] !== STAFF_KEY) {
      return reply.code(401).send({ message: 'Staff only: send X-Staff-Key' })
    }
  })
  scope.register(mcpPlugin, { server: rota })
}

const app = Fastify({ logger: true })
// This mount is in the scope of the app itself. `app.mcp` lists the mounts of all scopes.
app.register(mcpPlugin, { server: opening })
app.register(api, { prefix: '/api' })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
