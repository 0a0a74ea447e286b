// The servers that are measured, each with the request that it is loaded with. All answer with the same text.
import Fastify, { type FastifyInstance } from 'fastify'
import mcpPlugin, { McpServer, Type } from 'fastify-mcp-mount'
import { createOwnSessions, createOwnStateless, createSdkMount, createSdkServer } from './sdk-servers.ts'

/** The request that loads a contender, and what it must answer. */
export interface Load {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** A server to measure. */
export interface Contender {
  /** The contender that does the same work without this package. */
  readonly baseline?: string
  readonly create: () => FastifyInstance
  /** Makes the server ready for its load, e.g. opens a session. */
  readonly prepare?: (url: string) => Promise<Readonly<Record<string, string>>>
  readonly load: Load
}

const ARGUMENTS = { text: 'Buy milk' }
const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const IDENTITY = { 'io.modelcontextprotocol/serverInfo': { name: 'Notes', version: '1.0.0' } }

const modernCall = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'add_note',
    arguments: ARGUMENTS,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {}
    }
  }
}
const legacyCall = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'add_note', arguments: ARGUMENTS } }
const modernLoad: Load = {
  path: '/mcp',
  headers: { ...JSON_HEADERS, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'add_note' },
  body: modernCall
}
const legacyLoad: Load = { path: '/mcp', headers: { ...JSON_HEADERS, 'mcp-protocol-version': '2025-11-25' }, body: legacyCall }

/** All contenders by name. */
export const CONTENDERS: Readonly<Record<string, Contender>> = {
  'bare route, modern body': { create: () => createBare({ resultType: 'complete', _meta: IDENTITY }), load: modernLoad },
  'modern tools/call': { baseline: 'bare route, modern body', create: () => createMount({}), load: modernLoad },
  'bare route, legacy body': { create: () => createBare({}), load: legacyLoad },
  'legacy tools/call, stateless': { baseline: 'bare route, legacy body', create: () => createMount({ stateless: true }), load: legacyLoad },
  'legacy tools/call, session': { baseline: 'bare route, legacy body', create: () => createMount({}), prepare: openSession, load: legacyLoad },
  'SDK v1, its own transport, stateless': { create: createOwnStateless, load: legacyLoad },
  'SDK v1 instance, stateless': {
    baseline: 'SDK v1, its own transport, stateless', create: () => createSdkMount(createSdkServer(), { stateless: true }), load: legacyLoad
  },
  'SDK v1 factory, stateless': {
    baseline: 'SDK v1, its own transport, stateless', create: () => createSdkMount(createSdkServer, { stateless: true }), load: legacyLoad
  },
  'SDK v1, its own transport, session': { create: createOwnSessions, prepare: openSession, load: legacyLoad },
  'SDK v1 instance, session': {
    baseline: 'SDK v1, its own transport, session', create: () => createSdkMount(createSdkServer(), {}), prepare: openSession, load: legacyLoad
  },
  'SDK v1 factory, session': {
    baseline: 'SDK v1, its own transport, session', create: () => createSdkMount(createSdkServer, {}), prepare: openSession, load: legacyLoad
  }
}

function createMount (options: { readonly stateless?: boolean }): FastifyInstance {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('add_note', { inputSchema: Type.Object({ text: Type.String() }) }, async ({ text }) => `Saved: ${text}`)
  const app = Fastify()
  app.register(mcpPlugin, { server, ...options })
  return app
}

// What an app would write that has one thing to do and does it in the way of Fastify: a schema for the body, a plain reply.
function createBare (extra: object): FastifyInstance {
  const body = Type.Object({
    jsonrpc: Type.Literal('2.0'),
    id: Type.Integer(),
    method: Type.String(),
    params: Type.Object({ name: Type.String(), arguments: Type.Object({ text: Type.String() }) })
  })
  const app = Fastify()
  app.post<{ Body: typeof legacyCall }>('/mcp', { schema: { body } }, async ({ body: { id, params } }) => ({
    jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: `Saved: ${params.arguments.text}` }], ...extra }
  }))
  return app
}

async function openSession (url: string): Promise<Readonly<Record<string, string>>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify({
      jsonrpc: '2.0', id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } }
    })
  })
  return { 'mcp-session-id': String(response.headers.get('mcp-session-id')) }
}
