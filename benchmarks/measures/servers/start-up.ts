// An app that starts and answers one request. It reports how long each took since its process began and, when asked to,
// what it has loaded; that takes time of its own.
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { modernCall } from '../messages.ts'
import { addressOf } from './address.ts'
import { answerCommands, type Figures } from './answer.ts'
import { recordModules } from './record-modules.ts'

/** The app that starts: Fastify alone, with one route, or with one mount. */
export interface StartUpSetup { readonly kind: 'fastify' | 'route' | 'mount', readonly records: boolean }

// The setup from child.ts.
const { kind, records } = JSON.parse(process.argv[2] ?? '') as StartUpSetup
const createApp = { fastify: createFastify, route: createRoute, mount: createMount }[kind]

const countModules = records ? recordModules() : undefined
const begun = performance.now()
const app = await createApp()
await app.ready()
const ready = readTime()
await app.listen({ host: '127.0.0.1', port: 0 })
await ask(addressOf(app.server).port)
const answered = readTime()

answerCommands({
  readyWall: ready.wall,
  readyCpu: ready.cpu,
  readySinceBegun: ready.wall - begun,
  answeredWall: answered.wall,
  answeredCpu: answered.cpu,
  ...await countModules?.()
}, {})

async function createFastify (): Promise<FastifyInstance> {
  const { default: Fastify } = await import('fastify')
  return Fastify()
}

async function createRoute (): Promise<FastifyInstance> {
  const app = await createFastify()
  const body = { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] }
  app.post('/mcp', { schema: { body } }, async () => ({ jsonrpc: '2.0', id: 1, result: {} }))
  return app
}

async function createMount (): Promise<FastifyInstance> {
  const app = await createFastify()
  const { default: mcpPlugin, McpServer, Type } = await import('fastify-mcp-mount')
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool(
    'add_note',
    { inputSchema: Type.Object({ text: Type.String() }) },
    async ({ text }) => `Saved: ${text}`
  )
  app.register(mcpPlugin, { server })
  return app
}

function readTime (): Figures & { readonly wall: number, readonly cpu: number } {
  const { user, system } = process.cpuUsage()
  return { wall: performance.now(), cpu: (user + system) / 1000 }
}

// Fastify alone has no such route, and says so.
async function ask (port: number): Promise<void> {
  const { method, path, headers, body } = modernCall()
  const asked = request({ host: '127.0.0.1', port, method, path, headers })
  asked.end(body)
  const [response] = await once(asked, 'response') as [IncomingMessage]
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== (kind === 'fastify' ? 404 : 200)) {
    throw new Error(`the first answer was ${response.statusCode}`)
  }
}
