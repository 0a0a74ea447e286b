// Writes the same server in each way that can be mounted, so that one suite runs against all of them.
import { Server as V1Server } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer as V1McpServer, ResourceTemplate as V1Template } from '@modelcontextprotocol/sdk/server/mcp.js'
import { completable as completableV1 } from '@modelcontextprotocol/sdk/server/completable.js'
import { WebStandardStreamableHTTPServerTransport as V1WebTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema, ListToolsRequestSchema, McpError, ReadResourceRequestSchema
} from '@modelcontextprotocol/sdk/types.js'
import {
  completable,
  createMcpHandler,
  McpServer as V2McpServer,
  ResourceTemplate as V2Template
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { FetchHandler, Mountable } from '../../lib/index.ts'
import { said } from './sdk-servers.ts'

const INFO = Object.freeze({ name: 'Everything', version: '1.0.0' })
const INSTRUCTIONS = 'Add up.'
const CITIES = ['Aachen', 'Aarhus', 'Bergen', 'Berlin', 'Bern']

/** A way to write a server. */
export interface Form {
  readonly title: string
  /** Whether requests of the legacy era have no session. */
  readonly stateless?: boolean
  create (): Mountable
}

export const forms: readonly Form[] = [
  { title: 'a v1 McpServer', create: createV1Everything },
  { title: 'a v1 Server', create: createLowLevel },
  { title: 'a factory of v1 McpServers', create: () => () => createV1Everything() },
  { title: 'a factory of v1 Servers', create: () => async () => createLowLevel() },
  { title: 'a stateless factory of v1 McpServers', stateless: true, create: () => () => createV1Everything() },
  { title: 'a stateless v1 McpServer', stateless: true, create: createV1Everything },
  { title: 'a factory of v2 McpServers', create: () => () => createV2Everything() },
  { title: 'a stateless factory of v2 McpServers', stateless: true, create: () => () => createV2Everything() },
  { title: 'a v2 handler', create: () => createMcpHandler(() => createV2Everything()) }
]

export function createV1Everything (): V1McpServer {
  const server = new V1McpServer(INFO, { instructions: INSTRUCTIONS })
  server.registerTool(
    'add',
    { inputSchema: { a: z.number(), b: z.number() }, outputSchema: { sum: z.number() } },
    ({ a, b }) => ({ ...said(String(a + b)), structuredContent: { sum: a + b } })
  )
  server.registerTool('fail', {}, () => { throw new Error('out of order') })
  server.registerPrompt('greet', { argsSchema: { city: completableV1(z.string(), complete) } }, ({ city }) =>
    greet(city)
  )
  server.registerResource('note', 'note://1', { mimeType: 'text/plain' }, ({ href }) => read(href))
  server.registerResource(
    'city',
    new V1Template('city://{name}', { list: undefined, complete: { name: complete } }),
    {},
    ({ href }) => read(href)
  )
  return server
}

export function createV2Everything (): V2McpServer {
  const server = new V2McpServer(INFO, { instructions: INSTRUCTIONS })
  server.registerTool(
    'add',
    { inputSchema: z.object({ a: z.number(), b: z.number() }), outputSchema: z.object({ sum: z.number() }) },
    ({ a, b }) => ({ ...said(String(a + b)), structuredContent: { sum: a + b } })
  )
  server.registerTool('fail', {}, () => { throw new Error('out of order') })
  server.registerPrompt('greet', { argsSchema: z.object({ city: completable(z.string(), complete) }) }, ({ city }) =>
    greet(city)
  )
  server.registerResource('note', 'note://1', { mimeType: 'text/plain' }, ({ href }) => read(href))
  server.registerResource(
    'city',
    new V2Template('city://{name}', { list: undefined, complete: { name: complete } }),
    {},
    ({ href }) => read(href)
  )
  return server
}

/** Creates the server of {@link createV1Everything} with request handlers in place of registrations. */
export function createLowLevel (): V1Server {
  const server = new V1Server(INFO, {
    instructions: INSTRUCTIONS,
    capabilities: { tools: {}, prompts: {}, resources: {}, completions: {} }
  })
  const properties = { a: { type: 'number' }, b: { type: 'number' } }
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [
      { name: 'add', inputSchema: { type: 'object', properties } },
      { name: 'fail', inputSchema: { type: 'object' } }
    ]
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params: { name, arguments: { a, b } = {} } }) => {
    if (name === 'add') {
      return { ...said(String(Number(a) + Number(b))), structuredContent: { sum: Number(a) + Number(b) } }
    }
    if (name === 'fail') return { ...said('out of order'), isError: true }
    throw new McpError(-32602, `Tool ${name} not found`)
  })
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: [{ name: 'greet' }] }))
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => greet(params.arguments?.['city'] ?? ''))
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: [{ name: 'note', uri: 'note://1', mimeType: 'text/plain' }]
  }))
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ name: 'city', uriTemplate: 'city://{name}' }]
  }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => read(params.uri))
  server.setRequestHandler(CompleteRequestSchema, ({ params }) => ({
    completion: { values: complete(params.argument.value), hasMore: false }
  }))
  return server
}

/** Creates a server that is reached by its `fetch` only, with the sessions of the SDK's own transport. */
export async function createFetching (
  server: V1McpServer | V1Server
): Promise<FetchHandler & { readonly transport: V1WebTransport }> {
  const transport = new V1WebTransport({ sessionIdGenerator: () => 'inner-session' })
  await server.connect(transport)
  return { transport, fetch: (request, options) => transport.handleRequest(request, options) }
}

function complete (value: string): string[] {
  return CITIES.filter((city) => city.startsWith(value))
}

function greet (city: string): { messages: Array<{ role: 'user', content: { type: 'text', text: string } }> } {
  return { messages: [{ role: 'user', content: { type: 'text', text: `Greet ${city}` } }] }
}

function read (uri: string): { contents: Array<{ uri: string, text: string }> } {
  return { contents: [{ uri, text: `the text of ${uri}` }] }
}
