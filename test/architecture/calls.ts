// Serves calls of a tool and prints which functions of lib/ each of them enters, as JSON.
import Fastify, { type FastifyInstance } from 'fastify'
import mcpPlugin, { createMemoryCluster, McpServer, Type, type McpMountOptions } from '../../lib/index.ts'

/** A function that a call enters. */
export interface Entered { readonly file: string, readonly name: string }

/** The functions that a call of each kind enters, in order. */
export type Calls = Readonly<Record<'modern' | 'authorized' | 'session' | 'cluster', readonly Entered[]>>

const ACCEPT = { host: 'localhost', accept: 'application/json, text/event-stream', authorization: 'Bearer token' }
const MODERN = { ...ACCEPT, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' }
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {}
}

let entered: Entered[] = []
Object.assign(globalThis, { enterFunction: (file: string, name: string) => { entered.push({ file, name }) } })

async function startApp (options: Partial<McpMountOptions> = {}): Promise<FastifyInstance> {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys: ['0'.repeat(32)] } })
  server.registerTool('echo', { inputSchema: Type.Object({ text: Type.String() }) }, ({ text }) => text)
  const app = Fastify()
  app.register(mcpPlugin, { server, ...options })
  await app.ready()
  return app
}

async function post (app: FastifyInstance, method: string, params: object, headers: Record<string, string>) {
  const payload = { jsonrpc: '2.0', id: 1, method, params }
  const reply = await app.inject({ method: 'POST', url: '/mcp', headers, payload })
  if (reply.statusCode !== 200) throw new Error(`${method} got ${reply.statusCode}: ${reply.body}`)
  return reply
}

/** Records the functions that the third call of a tool enters. The calls before it fill caches. */
async function record (
  app: FastifyInstance,
  headers: Record<string, string>,
  meta: object
): Promise<readonly Entered[]> {
  const params = { name: 'echo', arguments: { text: 'a' }, ...meta }
  for (let n = 0; n < 3; n++) {
    entered = []
    await post(app, 'tools/call', params, headers)
  }
  const recorded = [...entered]
  await app.close()
  return recorded
}

async function recordModern (options?: Partial<McpMountOptions>): Promise<readonly Entered[]> {
  return await record(await startApp(options), MODERN, { _meta: META })
}

async function recordInSession (options?: Partial<McpMountOptions>): Promise<readonly Entered[]> {
  const app = await startApp(options)
  const clientInfo = { name: 'architecture', version: '1.0.0' }
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const { headers } = await post(app, 'initialize', initialize, ACCEPT)
  const session = { 'mcp-session-id': String(headers['mcp-session-id']), 'mcp-protocol-version': '2025-11-25' }
  return await record(app, { ...ACCEPT, ...session }, {})
}

const calls: Calls = {
  modern: await recordModern(),
  authorized: await recordModern({ auth: { authenticate: () => ({ token: 'a', clientId: 'a', scopes: [] }) } }),
  session: await recordInSession(),
  cluster: await recordInSession({ cluster: createMemoryCluster() })
}
process.stdout.write(JSON.stringify(calls))
