// The servers under test: the examples, and for comparison the SDK's everything server by the SDK's own transport.
import { randomUUID } from 'node:crypto'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import mcpPlugin, { createMemoryEventStore, type McpMountOptions } from '../../lib/index.ts'
import { createSdkEverything } from '../../examples/sdk-everything.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const startTimeout = 30_000
const retryInterval = 500

/** A server that listens. */
export interface Serving {
  readonly url: string
  close (): unknown
}

/** Starts examples/everything.ts as a user does. */
export async function startEverything (): Promise<Serving> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/everything.ts'], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const timer = setTimeout(() => child.kill(), startTimeout)

  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/[^\s"',]+\/mcp/.exec(line)?.[0]
    if (url === undefined) continue
    clearTimeout(timer)
    child.stdout.resume() // the log may go on; nobody reads it
    return { url, close: () => child.kill() }
  }
  throw new Error('examples/everything.ts ended before it printed its endpoint')
}

/** Mounts an SDK server that all clients share. */
export async function startInstance (): Promise<Serving> {
  return await startMount(createSdkEverything())
}

/** Mounts a factory of SDK servers. */
export async function startFactory (): Promise<Serving> {
  return await startMount(createSdkEverything)
}

async function startMount (server: McpMountOptions['server']): Promise<Serving> {
  const app = Fastify()
  app.register(mcpPlugin, { server, eventStore: createMemoryEventStore(), retryInterval })
  return await listen(app)
}

/** Serves by the SDK's own transport, as its documentation does: with a server and a transport for each session. */
export async function startSdkTransport (): Promise<Serving> {
  const app = Fastify()
  const transports = new Map<string, StreamableHTTPServerTransport>()

  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/mcp',
    async handler (request, reply) {
      const transport = transports.get(String(request.headers['mcp-session-id'])) ?? await open(request)
      if (transport === undefined) return await refuse(reply)
      reply.hijack()
      await transport.handleRequest(request.raw, reply.raw, request.body)
    }
  })

  async function open ({ body, headers, host }: FastifyRequest): Promise<StreamableHTTPServerTransport | undefined> {
    if (headers['mcp-session-id'] !== undefined || !isInitializeRequest(body)) return undefined
    const port = new URL(`http://${host}`).port
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (sessionId) => { transports.set(sessionId, transport) },
      onsessionclosed: (sessionId) => { transports.delete(sessionId) },
      eventStore: new InMemoryEventStore(),
      retryInterval,
      enableDnsRebindingProtection: true,
      allowedHosts: [`127.0.0.1:${port}`, `localhost:${port}`]
    })
    // Its optional fields are not declared for exactOptionalPropertyTypes.
    await createSdkEverything().connect(transport as Transport)
    return transport
  }

  return await listen(app)
}

async function refuse (reply: FastifyReply): Promise<void> {
  const namesSession = reply.request.headers['mcp-session-id'] !== undefined
  await reply
    .code(namesSession ? 404 : 400)
    .send({ jsonrpc: '2.0', error: { code: -32000, message: 'No such session' }, id: null })
}

async function listen (app: FastifyInstance): Promise<Serving> {
  return { url: `${await app.listen({ host: '127.0.0.1', port: 0 })}/mcp`, close: () => app.close() }
}
