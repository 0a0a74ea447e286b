// The baseline: an app that does one thing in the usual way of Fastify, with a schema for the body and a plain reply.
// It knows nothing of MCP except the form of its own replies.
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import cors from '@fastify/cors'
import jwt from '@fastify/jwt'
import { Ajv } from 'ajv'
import Fastify, { type FastifyInstance } from 'fastify'
import { LISTED, LISTED_SCHEMA, PROGRESS, REPORT, saved, SERVER_INFO } from '../tools.ts'
import { ORIGIN, type WorkloadName } from '../workloads.ts'
import { cannot, listen, type Serving } from './serving.ts'
import { AUDIENCE, createIssuer } from './tokens.ts'

interface Call {
  readonly id: number
  readonly params: {
    readonly name: string
    readonly arguments: { readonly text: string }
    readonly _meta: { readonly progressToken: string }
  }
}

interface SessionBody {
  readonly id: number
  readonly method: string
  readonly params: { readonly protocolVersion: string, readonly arguments: { readonly text: string } }
}

const MESSAGE = { jsonrpc: { const: '2.0' }, id: { type: 'integer' }, method: { type: 'string' } }
const CALL = {
  name: { type: 'string' },
  arguments: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }
}
const CALL_SCHEMA = {
  body: {
    type: 'object',
    properties: { ...MESSAGE, params: { type: 'object', properties: CALL, required: ['name', 'arguments'] } },
    required: ['jsonrpc', 'id', 'method', 'params']
  }
}
const SESSION_SCHEMA = {
  body: {
    type: 'object',
    properties: {
      ...MESSAGE,
      params: { type: 'object', properties: { ...CALL, protocolVersion: { type: 'string' } } }
    },
    required: ['jsonrpc', 'method']
  }
}

// The fields of each result of revision 2026-07-28.
const MODERN = { resultType: 'complete', _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO } }

const ROUTES: Partial<Record<WorkloadName, (app: FastifyInstance) => void>> = {
  'modern call': (app) => addCall(app, MODERN),
  'modern list': addList,
  'modern structured': addStructured,
  'modern progress': addProgress,
  'legacy call': (app) => addCall(app, {}),
  'legacy call, session': addSession,
  'legacy session': addSession
}

/** Starts the server. */
export async function serve (workload: WorkloadName): Promise<Serving> {
  if (workload === 'modern call, authorized') return await serveAuthorized()

  const app = Fastify()
  const add = ROUTES[workload] ?? cannot(workload)
  add(app)
  return await listen(app)
}

function addCall (app: FastifyInstance, extra: object): void {
  app.post<{ Body: Call }>('/mcp', { schema: CALL_SCHEMA }, async ({ body: { id, params } }) => ({
    jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: saved(params.arguments.text) }], ...extra }
  }))
}

// All requests get the same string.
function addList (app: FastifyInstance): void {
  const tools = LISTED.map((tool) => ({ ...tool, inputSchema: LISTED_SCHEMA }))
  const json = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools, ttlMs: 0, cacheScope: 'public', ...MODERN } })

  app.post('/mcp', async (_request, reply) => reply.type('application/json; charset=utf-8').send(json))
}

// The output is validated by Ajv, not shaped by a response schema: fast-json-stringify would leave out what does not
// fit instead of refusing it.
function addStructured (app: FastifyInstance): void {
  const validate = new Ajv().compile({
    type: 'object',
    properties: {
      notes: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            id: { type: 'number' },
            title: { type: 'string' },
            text: { type: 'string' },
            tags: { type: 'array', items: { type: 'string' } },
            done: { type: 'boolean' }
          },
          required: ['id', 'title', 'text', 'tags', 'done']
        }
      }
    },
    required: ['notes']
  })

  app.post<{ Body: Call }>('/mcp', { schema: CALL_SCHEMA }, async ({ body: { id } }) => {
    if (!validate(REPORT)) throw new Error('the report does not fit its schema')
    return {
      jsonrpc: '2.0',
      id,
      result: { content: [{ type: 'text', text: JSON.stringify(REPORT) }], structuredContent: REPORT, ...MODERN }
    }
  })
}

// Sends a stream as Fastify's documentation shows. Each event is written separately, because a real handler would work
// between events.
function addProgress (app: FastifyInstance): void {
  app.post<{ Body: Call }>('/mcp', { schema: CALL_SCHEMA }, async ({ body: { id, params } }, reply) => {
    const stream = new Readable({ read () {} })
    reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' }).send(stream)
    for (const progress of PROGRESS) {
      stream.push(
        frame({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: params._meta.progressToken, progress, total: PROGRESS.length }
        })
      )
      await undefined
    }
    stream.push(
      frame({
        jsonrpc: '2.0',
        id,
        result: { content: [{ type: 'text', text: saved(params.arguments.text) }], ...MODERN }
      })
    )
    stream.push(null)
    return reply
  })
}

function frame (message: object): string {
  return `event: message\ndata: ${JSON.stringify(message)}\n\n`
}

// Four independent requests.
function addSession (app: FastifyInstance): void {
  app.post<{ Body: SessionBody }>(
    '/mcp',
    { schema: SESSION_SCHEMA },
    async ({ body: { id, method, params } }, reply) => {
      if (method === 'notifications/initialized') return reply.code(202).send()
      if (method === 'initialize') {
        reply.header('mcp-session-id', randomUUID())
        return {
          jsonrpc: '2.0',
          id,
          result: {
            protocolVersion: params.protocolVersion,
            capabilities: { tools: { listChanged: true } },
            serverInfo: SERVER_INFO
          }
        }
      }
      return { jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: saved(params.arguments.text) }] } }
    }
  )
  app.delete('/mcp', async (_request, reply) => reply.code(200).send())
}

// Hooks and plugins of Fastify that do the work of the options `auth`, `cors` and `allowedHosts` of a mount.
async function serveAuthorized (): Promise<Serving> {
  const issuer = await createIssuer()
  const hosts = new Set(['127.0.0.1', 'localhost'])
  const app = Fastify()

  app.addHook('onRequest', async ({ headers: { host = '' } }, reply) => {
    if (!hosts.has(host.replace(/:\d+$/, ''))) return reply.code(421).send('Invalid Host header')
  })
  await app.register(cors, { origin: [ORIGIN], exposedHeaders: 'Mcp-Session-Id, WWW-Authenticate' })
  await app.register(jwt, {
    secret: { public: issuer.publicKey },
    verify: { algorithms: ['RS256'], allowedIss: issuer.url, allowedAud: AUDIENCE, cache: true }
  })
  app.addHook('onRequest', async (request) => await request.jwtVerify())
  addCall(app, MODERN)

  return { ...await listen(app), headers: { authorization: `Bearer ${issuer.token}` } }
}
