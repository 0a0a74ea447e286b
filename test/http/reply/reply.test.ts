import t, { type Test } from 'tap'
import mcpPlugin from '../../../lib/index.ts'
import { createHost, createServer, modern, modernCall, type LogLine } from '../../support/app.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'

const INTERNAL_ERROR = { jsonrpc: '2.0', id: null, error: { code: -32603, message: 'Internal error' } }

function createAppWith (
  t: Test,
  onRequest: (reply: FastifyReply) => unknown
): { readonly app: FastifyInstance, readonly logLines: readonly LogLine[] } {
  const { app, logLines } = createHost(t)
  app.addHook('onRequest', async (_request, reply) => {
    await onRequest(reply)
  })
  app.register(mcpPlugin, { server: createServer() })
  return { app, logLines }
}

function fail (status: unknown, message = 'slow down'): never {
  throw Object.assign(new Error(message), { statusCode: status })
}

t.test('an error that a hook throws becomes a JSON-RPC error with its status and message', async (t) => {
  const { app } = createAppWith(t, () => fail(429))

  const response = await app.inject(modern('tools/list'))

  t.equal(response.statusCode, 429)
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  t.same(response.json(), { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'slow down' } })
})

t.test('headers that a hook set before it threw are sent', async (t) => {
  const { app } = createAppWith(t, (reply) => { reply.header('retry-after', '5'); fail(429) })

  t.equal((await app.inject(modern('tools/list'))).headers['retry-after'], '5')
})

t.test('a status that a hook set before it threw is kept', async (t) => {
  const { app } = createAppWith(t, (reply) => { reply.code(401); throw new Error('no token') })

  const response = await app.inject(modern('tools/list'))

  t.equal(response.statusCode, 401)
  t.same(response.json(), { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'no token' } })
})

t.test('an unexpected error is logged with its stack and its message kept from the client', async (t) => {
  const { app, logLines } = createAppWith(t, () => { throw new Error('the password is 1234') })

  const response = await app.inject(modern('tools/list'))

  t.equal(response.statusCode, 500)
  t.same(response.json(), INTERNAL_ERROR)
  t.match(logLines.filter(({ level }) => level === 50), [{ msg: 'the password is 1234', err: { stack: /reply\.test\.ts/ } }])
})

t.test('the message of a 5xx is kept from the client, its status is not', async (t) => {
  const { app } = createAppWith(t, () => fail(503, 'db7.internal is down'))

  const response = await app.inject(modern('tools/list'))

  t.equal(response.statusCode, 503)
  t.same(response.json(), {
    jsonrpc: '2.0',
    id: null,
    error: { code: -32603, message: 'The server is temporarily unavailable; try again later' }
  })
})

t.test('an error with a status below 400 becomes an internal error', async (t) => {
  for (const status of [0, 42, 200, 204, 302, 399, 600, 1000, 429.5, NaN, '429', null]) {
    const { app } = createAppWith(t, () => fail(status))

    const response = await app.inject(modern('tools/list'))

    t.equal(response.statusCode, 500, String(status))
    t.same(response.json(), INTERNAL_ERROR)
  }
})

t.test('a thrown value that is not an Error becomes an internal error', async (t) => {
  for (const value of ['text', 7, {}, null, undefined]) {
    const { app } = createAppWith(t, () => { throw value })

    const response = await app.inject(modern('tools/list'))

    t.equal(response.statusCode, 500, String(value))
    t.same(response.json(), INTERNAL_ERROR)
  }
})

t.test('a hook that replies itself is left alone', async (t) => {
  const { app } = createAppWith(t, (reply) => reply.code(401).send({ mine: true }))

  const response = await app.inject(modern('tools/list'))

  t.equal(response.statusCode, 401)
  t.same(response.json(), { mine: true })
})

t.test('a result that an onSend hook fails on becomes an internal error', async (t) => {
  const { app } = createHost(t)
  app.addHook('onSend', async (_request, { statusCode }) => {
    if (statusCode === 200) throw new Error('the password is 1234')
  })
  app.register(mcpPlugin, { server: createServer() })

  const response = await app.inject(modern('tools/list'))

  t.equal(response.statusCode, 500)
  t.same(response.json(), INTERNAL_ERROR)
})

t.test('a body over the limit gets 413, and the message names bodyLimit', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createServer(), bodyLimit: 10 })

  const response = await app.inject(modern('tools/list'))

  t.equal(response.statusCode, 413)
  t.same(response.json(), {
    jsonrpc: '2.0',
    id: null,
    error: { code: -32600, message: "Request body too large; the mount's 'bodyLimit' says how long it may be" }
  })
})

t.test('an invalid content type gets 415', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createServer() })

  for (const contentType of ['text/plain', 'application/json-seq', 'garbage', 'application/x-www-form-urlencoded']) {
    const response = await app.inject(modern('tools/list', {}, { headers: { 'content-type': contentType } }))

    t.equal(response.statusCode, 415, contentType)
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: 'Unsupported content type: send application/json' }
    })
  }
})

t.test('a very long result is sent whole', async (t) => {
  const long = 'x'.repeat(2 ** 24)
  const { app } = createHost(t)
  const server = createServer()
  server.registerTool('long', {}, () => long)
  await app.register(mcpPlugin, { server })

  const response = await app.inject(modernCall('long'))

  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  t.ok(response.json().result.content[0].text === long)
})
