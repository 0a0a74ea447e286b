// Hooks for the endpoint only: request ids, traces (W3C Trace Context) and timing, in the log and in reply headers.
// Try it: curl -i -X POST http://127.0.0.1:8000/mcp -H 'X-Request-Id: 42', and see the log.
import { randomBytes, randomUUID } from 'node:crypto'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'

declare module 'fastify' {
  interface FastifyRequest { traceId: string }
}

// https://www.w3.org/TR/trace-context/#traceparent-header
function traceIdOf (traceparent: unknown): string | undefined {
  return /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/.exec(String(traceparent))?.[1]
}

const app = Fastify({
  logger: true,
  // The client's id is used if it is safe to log.
  genReqId: ({ headers: { 'x-request-id': id } }) =>
    typeof id === 'string' && /^[\w.-]{1,64}$/.test(id) ? id : randomUUID()
})
app.decorateRequest('traceId', '')

async function continueTrace (request: FastifyRequest): Promise<void> {
  request.traceId = traceIdOf(request.headers.traceparent) ?? randomBytes(16).toString('hex')
}

async function tellIds (request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.headers({ 'x-request-id': request.id, 'trace-id': request.traceId })
}

async function logTiming (request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { 'mcp-method': method, 'mcp-name': name } = request.headers
  request.log.info({ method, name, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, 'MCP request served')
}

const words = new McpServer({ name: 'Words', version: '1.0.0' })

// A middleware runs closer to the call than a hook: it has the parameters, and the trace in the client's `_meta`.
words.use(async ({ request, meta, method, params }, next) => {
  const start = performance.now()
  if (request !== undefined) {
    request.traceId = traceIdOf(meta.traceparent) ?? request.traceId
    // The log lines of handlers have the trace id, too.
    request.log = request.log.child({ traceId: request.traceId })
  }
  try {
    return await next()
  } finally {
    request?.log.info({ method, name: params.name, ms: performance.now() - start }, 'MCP call served')
  }
})

words.registerTool('count_words', {
  description: 'Count the words of a text.',
  inputSchema: Type.Object({ text: Type.String() })
}, ({ text }, { request }) => {
  request?.log.info({ length: text.length }, 'counting')
  return String(text.match(/\S+/g)?.length ?? 0)
})

app.register(mcpPlugin, { server: words, hooks: { onRequest: continueTrace, onSend: tellIds, onResponse: logTiming } })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
