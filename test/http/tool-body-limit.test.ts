// The body limits of tools, which apply before the body of a modern call is read.
import { once } from 'node:events'
import { request as sendRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { createGunzip, gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, type McpMountOptions } from '../../lib/index.ts'
import { createHost, legacy, modernCall, openSession, type Post } from '../support/app.ts'
import { listen } from '../support/stream.ts'

const LIMITS = { bodyLimit: 2000 }

/** Creates a server whose tools take different amounts. */
function createTaking (): McpServer {
  const server = new McpServer({ name: 'Taking', version: '1.0.0' })
  server.registerTool('much', { bodyLimit: 100_000 }, ({ text }) => `Took ${String(text).length}`)
  server.registerTool('little', { bodyLimit: 500 }, ({ text }) => `Took ${String(text).length}`)
  server.registerTool('usual', {}, ({ text }) => `Took ${String(text).length}`)
  return server
}

async function createLimited (t: Test, options: Partial<McpMountOptions> = {}): Promise<FastifyInstance> {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server: createTaking(), ...LIMITS, ...options })
  return app
}

const call = (name: string, length: number): Post => modernCall(name, { text: 'x'.repeat(length) })

async function statusOf (app: FastifyInstance, request: Post): Promise<number> {
  return (await app.inject(request)).statusCode
}

t.test('a tool takes more or less than the mount, and other tools take what the mount takes', async (t) => {
  const app = await createLimited(t)
  const much = await app.inject(call('much', 50_000))
  const tooMuch = await app.inject(call('much', 100_000))
  const little = await app.inject(call('little', 500))
  const usual = await app.inject(call('usual', 2000))

  t.match(much.json(), { result: { content: [{ text: 'Took 50000' }] } })
  for (const [refused, whose] of [[tooMuch, 'tool'], [little, 'tool'], [usual, 'mount']] as const) {
    t.same([refused.statusCode, refused.headers['connection']], [413, 'close'])
    t.same(refused.json(), {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: `Request body too large; the ${whose}'s 'bodyLimit' says how long it may be` }
    })
  }
  t.same([await statusOf(app, call('little', 10)), await statusOf(app, call('usual', 1000))], [200, 200])
})

t.test('the limit of the mount applies to legacy clients, other methods, unknown tools and wrong names', async (t) => {
  const app = await createLimited(t)
  const session = await openSession(app)
  const args = { name: 'much', arguments: { text: 'x'.repeat(5000) } }
  const { headers, ...rest } = call('much', 5000)
  const others = [
    legacy('tools/call', args, { headers: { ...session, 'mcp-method': 'tools/call', 'mcp-name': 'much' } }),
    { ...rest, headers: { ...headers, 'mcp-method': 'prompts/get' } },
    { ...rest, headers: { ...headers, 'mcp-name': 'nothing' } },
    { ...rest, headers: { ...headers, 'mcp-name': '=?base64?%?=' } },
    { ...rest, headers: { ...headers, 'mcp-name': '' } }
  ]

  for (const other of others) t.equal(await statusOf(app, other), 413)
  t.equal(await statusOf(app, legacy('tools/call', { name: 'little', arguments: { text: 'x'.repeat(1000) } },
    { headers: session })), 200)
})

t.test('an encoded name is the same tool, and a header that lies about the tool is refused', async (t) => {
  const app = await createLimited(t)
  const { headers, ...rest } = call('much', 5000)
  const encoded = { ...rest, headers: { ...headers, 'mcp-name': '=?base64?bXVjaA==?=' } }
  const lying = { ...call('usual', 5000), headers }

  const refused = await app.inject(lying)

  t.equal(await statusOf(app, encoded), 200)
  t.equal(refused.statusCode, 400)
  t.match(refused.json(), { error: { code: -32020, message: /Mcp-Name header value 'much' does not match/ } })
})

/** Posts a body in chunks, without its length. */
async function postChunks (address: string, { url, headers, payload }: Post): Promise<IncomingMessage> {
  const posting = sendRequest(new URL(url, address), { method: 'POST', headers: { ...headers } })
  const answered = once(posting, 'response') as Promise<[IncomingMessage]>
  Readable.from(payload.match(/[^]{1,100}/g) ?? []).pipe(posting)
  return (await answered)[0]
}

t.test('a body of unknown length is measured while it is read', async (t) => {
  const app = await createLimited(t)
  const address = await listen(app)

  const taken = await postChunks(address, call('much', 50_000))
  const refused = await postChunks(address, call('little', 1000))

  t.equal(taken.statusCode, 200)
  t.match(await text(taken), /Took 50000/)
  t.equal(refused.statusCode, 413)
  t.match(await text(refused), /the tool's 'bodyLimit'/)
})

/** Decodes bodies as `@fastify/compress` does. */
function decode ({ headers }: FastifyRequest, payload: Readable): Readable {
  if (headers['content-encoding'] !== 'gzip') return payload
  const decoded = Object.assign(createGunzip(), { receivedEncodedLength: 0 })
  payload.on('data', (chunk: Buffer) => { decoded.receivedEncodedLength += chunk.length })
  return payload.pipe(decoded)
}

t.test('of a compressed body the decoded length counts, and one that cannot be decoded gets 400', async (t) => {
  const app = await createLimited(t, {
    hooks: { preParsing: (request, _reply, payload, done) => done(null, decode(request, payload)) }
  })
  const send = (post: Post, body = gzipSync(post.payload)) => {
    const headers = { ...post.headers, 'content-encoding': 'gzip', 'content-length': String(body.length) }
    return app.inject({ ...post, payload: body, headers })
  }

  const taken = await send(call('much', 50_000))
  const refused = await send(call('much', 200_000))
  const broken = await send(call('much', 10), Buffer.from('nonsense'))

  t.match(taken.json(), { result: { content: [{ text: 'Took 50000' }] } })
  t.equal(refused.statusCode, 413)
  t.equal(broken.statusCode, 400)
})

t.test('a limit can be changed, and a disabled tool has none', async (t) => {
  const { app } = createHost(t)
  const server = createTaking()
  const handle = server.registerTool('own', { bodyLimit: 10_000 }, () => 'done')
  await app.register(mcpPlugin, { server, ...LIMITS })

  t.equal(await statusOf(app, call('own', 5000)), 200)
  handle.update({ bodyLimit: 4000 })
  t.equal(await statusOf(app, call('own', 5000)), 413)
  server.registerTool('late', { bodyLimit: 10_000 }, () => 'done')
  t.equal(await statusOf(app, call('late', 5000)), 200)
  handle.update({ bodyLimit: 10_000 })
  handle.disable()
  t.equal(await statusOf(app, call('own', 5000)), 413)
})

t.test('without a limit of a tool the mount runs no hook for it, and refuses limits that come later', async (t) => {
  const { app } = createHost(t)
  const server = new McpServer({ name: 'Plain', version: '1.0.0' })
  const handle = server.registerTool('plain', {}, () => 'done')
  const limits: unknown[] = []
  app.addHook('onRoute', ({ method, bodyLimit, preParsing }) => {
    if (method === 'POST') limits.push([bodyLimit, preParsing])
  })
  await app.register(mcpPlugin, { server, ...LIMITS })

  t.same(limits[0], [2000, undefined])
  const refused = { code: 'MCP_ERR_INVALID_DEFINITION', message: /has a 'bodyLimit', but no tool had one when the server/ }
  t.throws(() => server.registerTool('late', { bodyLimit: 1 }, () => 'done'), refused)
  t.throws(() => handle.update({ bodyLimit: 1 }), refused)
  t.equal(await statusOf(app, call('plain', 10)), 200)
  t.throws(() => server.registerTool('wrong', { bodyLimit: 0 }, () => ''), { message: /'bodyLimit' that must be a whole/ })
})

t.test('the limits apply beside routes that are tools', async (t) => {
  const { app } = createHost(t)
  app.post('/take', { config: { mcp: { name: 'route' } } }, async () => 'done')
  await app.register(mcpPlugin, { server: createTaking(), expose: true, ...LIMITS })

  t.same([await statusOf(app, call('much', 5000)), await statusOf(app, call('route', 5000))], [200, 413])
})
