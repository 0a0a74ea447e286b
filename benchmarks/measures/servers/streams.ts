// Streams of change notifications: those of a mount, and those of bare routes that send the same bytes in one of two
// ways.
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import mcpPlugin, { McpServer, Type } from 'fastify-mcp-mount'
import { addressOf } from './address.ts'
import { answerCommands, createMemoryCommand } from './answer.ts'
import { now } from './clock.ts'

/** The source of the streams: a mount, a route that sends a Readable, or a route that writes to the response itself. */
export interface StreamsSetup { readonly kind: 'mount' | 'stream' | 'raw', readonly maxStreams: number }

interface ListenBody { readonly id: number, readonly params: { readonly notifications: object } }

const SSE_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no'
}
const ID_KEY = 'io.modelcontextprotocol/subscriptionId'
const PUBLISHERS = { mount: addMount, stream: addStreamRoute, raw: addRawRoute }

// The setup from child.ts.
const { kind, maxStreams } = JSON.parse(process.argv[2] ?? '') as StreamsSetup

const app = Fastify()
const publish = PUBLISHERS[kind](app)
await app.listen({ host: '127.0.0.1', port: 0 })
answerCommands({ port: addressOf(app.server).port }, {
  memory: createMemoryCommand(app.server),
  publish: () => {
    const at = now()
    publish()
    return { at }
  }
})

function addMount (app: FastifyInstance): () => void {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool(
    'add_note',
    { inputSchema: Type.Object({ text: Type.String() }) },
    async ({ text }) => `Saved: ${text}`
  )
  app.register(mcpPlugin, { server, maxStreams, keepAliveInterval: 0 })
  return () => app.mcp.get('Notes').notify.toolsChanged()
}

function addStreamRoute (app: FastifyInstance): () => void {
  const open = new Map<Readable, number>()
  app.post<{ Body: ListenBody }>('/mcp', { schema: { body: createBodySchema() } }, function listen ({ body }, reply) {
    const stream = new Readable({ read () {} })
    stream.push(frameOpening(body))
    open.set(stream, body.id)
    stream.once('close', () => open.delete(stream))
    reply.headers(SSE_HEADERS).send(stream)
  })
  return () => { for (const [stream, id] of open) stream.push(frameChange(id)) }
}

function addRawRoute (app: FastifyInstance): () => void {
  const open = new Map<ServerResponse, number>()
  app.post<{ Body: ListenBody }>('/mcp', { schema: { body: createBodySchema() } }, function listen ({ body }, reply) {
    const { raw } = reply
    reply.hijack()
    raw.writeHead(200, SSE_HEADERS).write(frameOpening(body))
    open.set(raw, body.id)
    raw.once('close', () => open.delete(raw))
  })
  return () => { for (const [raw, id] of open) raw.write(frameChange(id)) }
}

function createBodySchema (): object {
  return Type.Object({
    jsonrpc: Type.Literal('2.0'),
    id: Type.Integer(),
    method: Type.String(),
    params: Type.Object({ notifications: Type.Object({}) })
  })
}

function frameOpening ({ id, params: { notifications } }: ListenBody): string {
  const params = { _meta: { [ID_KEY]: id }, notifications }
  return `: open\n\n${frame(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params }))}`
}

function frameChange (id: number): string {
  return frame(`{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"${ID_KEY}":${id}}}}`)
}

function frame (json: string): string {
  return `event: message\ndata: ${json}\n\n`
}
