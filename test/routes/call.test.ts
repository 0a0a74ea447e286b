import { once } from 'node:events'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import mcpPlugin, { McpServer, Type, type RequestContext } from '../../lib/index.ts'
import { createHost, modern, modernCall } from '../support/app.ts'
import { createRoutesApp, warningsOf } from '../support/routes.ts'

const config = { mcp: true }
const PIXEL = Buffer.from('89504e470d0a1a0a', 'hex')

t.test('all hooks of a route run, from onRequest to onResponse', async (t) => {
  const ran: string[] = []
  const { call } = await createRoutesApp(t, (app) => {
    app.addHook('onRequest', async ({ url }) => { if (url !== '/mcp') ran.push('onRequest') })
    app.post('/orders', {
      config,
      preParsing: async () => { ran.push('preParsing') },
      preValidation: async () => { ran.push('preValidation') },
      preHandler: async () => { ran.push('preHandler') },
      preSerialization: async (_request, _reply, payload) => { ran.push('preSerialization'); return payload },
      onSend: async () => { ran.push('onSend') },
      onResponse: async () => { ran.push('onResponse') }
    }, async ({ body }) => ({ body }))
  })

  t.match(await call('post_orders', { a: 1 }), { text: '{"body":{"a":1}}' })
  t.same(ran, [
    'onRequest', 'preParsing', 'preValidation', 'preHandler', 'preSerialization', 'onSend', 'onResponse'
  ])
})

t.test('a call passes on the language and the trace of its client, and nothing that proves who it is', async (t) => {
  const seen: object[] = []
  const { call } = await createRoutesApp(t, (app) => {
    app.get('/', { config }, async ({ headers, ip, host, protocol }) => { seen.push({ headers, ip, host, protocol }) })
  })
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' }

  await call('get', {}, { 'accept-language': 'de', authorization: 'Bearer x', cookie: 'a=1', 'x-other': 'b', ...trace })

  t.same(seen, [{
    headers: {
      accept: 'application/json, text/*;q=0.9, */*;q=0.8', 'accept-language': 'de', ...trace, host: 'localhost:80'
    },
    ip: '127.0.0.1',
    host: 'localhost:80',
    protocol: 'http'
  }])
})

t.test('a mount passes on what forward names, and request has the last word', async (t) => {
  const seen: object[] = []
  const expose = {
    forward: ['Authorization', 'X-Other'],
    request: async (ctx: RequestContext) => ({ headers: { 'X-Signed': ctx.method, 'x-other': 'mine' } })
  }
  const { call } = await createRoutesApp(t, (app) => {
    app.get('/', { config }, async ({ headers }) => { seen.push(headers) })
  }, { expose })

  await call('get', {}, { authorization: 'Bearer x', 'x-other': 'yours' })

  t.match(seen, [{ authorization: 'Bearer x', 'x-other': 'mine', 'x-signed': 'tools/call' }])
})

t.test('what request throws fails the call, and is hidden', async (t) => {
  const request = (): never => { throw new Error('a secret') }
  const register = (app: FastifyInstance) => app.get('/', { config }, async () => 1)
  const { call } = await createRoutesApp(t, register, { expose: { request } })

  t.match(await call('get'), { isError: true, text: /^Error executing tool get \(error id / })
})

t.test('the address of the client is that of the request, also behind a proxy', async (t) => {
  const seen: object[] = []
  const { call } = await createRoutesApp(t, (app) => {
    app.get('/', { config }, async ({ ip, protocol, host }) => { seen.push({ ip, protocol, host }) })
  }, { fastify: { trustProxy: true } })

  const forwarded = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'localhost' }
  await call('get', {}, forwarded)

  t.same(seen, [{ ip: '192.0.2.7', protocol: 'https', host: 'localhost' }])
})

t.test('all log lines of a call have one request id', async (t) => {
  const { call, logLines } = await createRoutesApp(t, (app) => {
    app.get('/', { config }, async ({ log }) => { log.info('inside') })
  })

  await call('get')

  const ids = logLines.filter(({ reqId }) => reqId !== undefined).map(({ reqId, msg }) => [reqId, msg])
  t.same(ids.map(([id]) => id), ids.map(() => 'req-1'))
  t.ok(ids.some(([, msg]) => msg === 'inside'))
})

t.test('the context of the call is request.mcp in its route, and in no other request', async (t) => {
  const seen: unknown[] = []
  const { app } = createHost(t)
  app.get('/orders', { config }, async (request) => {
    seen.push(request.mcp?.method)
    return [request.mcp?.client.info?.name ?? 'HTTP']
  })
  await app.register(mcpPlugin, { server: new McpServer({ name: 'Shop', version: '1.0.0' }), expose: true })
  await app.ready()

  const meta = { 'io.modelcontextprotocol/clientInfo': { name: 'tester', version: '1' } }
  const reply = await app.inject(modernCall('get_orders', {}, { meta }))
  const direct = await app.inject('/orders')

  t.same(reply.json().result.content, [{ type: 'text', text: '["tester"]' }])
  t.same(direct.json(), ['HTTP'])
  t.same(seen, ['tools/call', undefined])
})

t.test('a call that its client gives up aborts the request, whether its body has been read or not', async (t) => {
  for (const method of ['GET', 'POST'] as const) {
    const events: string[] = []
    let started = (): void => {}
    const running = new Promise<void>((resolve) => { started = resolve })
    let ended = (): void => {}
    const over = new Promise<void>((resolve) => { ended = resolve })
    const { app } = createHost(t)
    app.route({
      method,
      url: '/slow',
      config: { mcp: { name: 'slow' } },
      onRequestAbort: async () => { events.push('onRequestAbort') },
      async handler (request) {
        const { signal } = request as unknown as { readonly signal: AbortSignal }
        started()
        await once(signal, 'abort')
        events.push(`aborted: ${request.raw.aborted}`)
        ended()
        return 'too late'
      }
    })
    await app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const { payload, headers } = modernCall('slow', { a: 1 })
    const controller = new AbortController()

    const sent = fetch(`${url}/mcp`, { method: 'POST', body: payload, headers, signal: controller.signal })
    await running
    controller.abort()
    await t.rejects(sent)
    await over

    t.same(events.sort(), ['aborted: true', 'onRequestAbort'], method)
  }
})

t.test('a call that takes too long ends with an error, and its request is aborted', async (t) => {
  const { app, call } = await createRoutesApp(t, (app) => {
    app.get('/slow', { config: { mcp: { timeout: 20 } } }, async (request) => {
      await once((request as unknown as { readonly signal: AbortSignal }).signal, 'abort')
      return 'too late'
    })
  })

  // Timers of the package do not keep a process running, and its server does.
  await app.listen({ port: 0, host: '127.0.0.1' })

  t.match(await call('get_slow'), { isError: true, text: 'Tool get_slow timed out after 20 ms' })
})

type Headers = Readonly<Record<string, string>>

const reply = (status: number, body?: unknown, headers: Headers = {}) => ({ status, body, headers })

const RESULTS: Readonly<Record<string, readonly [ReturnType<typeof reply>, object]>> = {
  'an object': [reply(200, { a: 1 }), { isError: false, content: [{ type: 'text', text: '{"a":1}' }] }],
  'a list': [reply(200, [1, 2]), { content: [{ type: 'text', text: '[1,2]' }] }],
  'a text': [reply(201, 'created'), { isError: false, content: [{ type: 'text', text: 'created' }] }],
  HTML: [reply(200, '<p>x</p>', { 'content-type': 'text/html' }), { content: [{ type: 'text', text: '<p>x</p>' }] }],
  XML: [reply(200, '<a/>', { 'content-type': 'application/xml' }), { content: [{ type: 'text', text: '<a/>' }] }],
  'a picture': [
    reply(200, PIXEL, { 'content-type': 'image/png' }),
    { content: [{ type: 'image', data: PIXEL.toString('base64'), mimeType: 'image/png' }] }
  ],
  'a sound': [
    reply(200, PIXEL, { 'content-type': 'audio/ogg' }),
    { content: [{ type: 'audio', data: PIXEL.toString('base64'), mimeType: 'audio/ogg' }] }
  ],
  'a file': [
    reply(200, PIXEL, { 'content-type': 'application/pdf' }),
    {
      content: [{
        type: 'resource',
        resource: {
          uri: 'http://localhost:80/reply', mimeType: 'application/pdf', blob: PIXEL.toString('base64')
        }
      }]
    }
  ],
  nothing: [reply(204), { isError: false, content: [{ type: 'text', text: 'Done (204 No Content)' }] }],
  'an empty body': [reply(200, ''), { isError: false, content: [{ type: 'text', text: 'Done (200 OK)' }] }],
  'another place': [
    reply(303, '', { location: '/orders/7' }),
    { isError: true, text: '303 See Other: the reply leads to /orders/7, which was not requested' }
  ],
  'an error of the client': [
    reply(404, { statusCode: 404, error: 'Not Found', message: 'There is no order 7' }),
    { isError: true, text: '404 Not Found: There is no order 7' }
  ],
  'an error with more to say': [
    reply(409, { message: 'Sold out', left: 0 }),
    { isError: true, text: '409 Conflict: {"message":"Sold out","left":0}' }
  ],
  'an error in plain text': [reply(403, 'Go away'), { isError: true, text: '403 Forbidden: Go away' }],
  'an error without words': [reply(410), { isError: true, text: '410 Gone' }],
  'a failure': [
    reply(500, { message: 'password of the database' }),
    { isError: true, text: /^Error executing tool get_reply \(error id / }
  ],
  'a failure behind the route': [reply(502, 'x'), { isError: true, text: /^Error executing tool get_reply \(error id / }]
}

for (const [what, [{ status, body, headers }, outcome]] of Object.entries(RESULTS)) {
  t.test(`a reply of ${what} becomes a result`, async (t) => {
    const { call, logLines } = await createRoutesApp(t, (app) => {
      app.get('/reply', { config }, async (_request, reply) => reply.code(status).headers(headers).send(body))
    })

    const called = await call('get_reply')

    t.match(called, outcome)
    t.notMatch(called.text, 'password')
    t.equal(logLines.some(({ errorId }) => errorId !== undefined), status >= 500)
  })
}

t.test('what a route throws is shown by its status: messages of 4xx, and nothing of 5xx', async (t) => {
  const { call } = await createRoutesApp(t, (app) => {
    const busy = Object.assign(new Error('Retry in 5 seconds'), { statusCode: 429 })
    app.get('/busy', { config }, async () => { throw busy })
    app.get('/broken', { config }, async () => { throw new Error('insert or update violates a key') })
  })

  t.match(await call('get_busy'), { isError: true, text: '429 Too Many Requests: Retry in 5 seconds' })
  t.match(await call('get_broken'), { isError: true, text: /^Error executing tool get_broken \(error id [\da-f-]+\)$/ })
})

t.test('an object that fits the schema of the response is structured content, and its text', async (t) => {
  const schema = { response: { 201: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] } } }
  const { call, listTools } = await createRoutesApp(t, (app) => {
    app.post('/orders', { schema, config }, async (_request, reply) => reply.code(201).send({ id: 7, secret: 'x' }))
  })

  const [tool] = await listTools()

  t.same(tool?.outputSchema, schema.response[201])
  t.match(await call('post_orders'), { structured: { id: 7 }, text: '{"id":7}' })
})

t.test('a reply that does not fit is text, once with a warning, and its tool has no schema any more', async (t) => {
  const state = { type: 'string', enum: ['open', 'paid'] }
  const schema = { response: { 200: { type: 'object', properties: { state }, required: ['state'] } } }
  const { call, listTools, logLines } = await createRoutesApp(t, (app) => {
    app.get('/order', { schema: { ...schema, ...{ summary: 'An order' } }, config }, async () => ({ state: 'lost' }))
  })

  t.ok((await listTools())[0]?.outputSchema)
  t.match(await call('get_order'), { isError: false, structured: undefined, text: '{"state":"lost"}' })
  t.match(await call('get_order'), { isError: false, structured: undefined, text: '{"state":"lost"}' })
  t.notOk((await listTools())[0]?.outputSchema)
  t.equal(warningsOf(logLines).length, 1)
  t.match(warningsOf(logLines)[0], /^the tool get_order is listed without its outputSchema from now on, /)
})

t.test('a reply that is too long becomes an error', async (t) => {
  const { call } = await createRoutesApp(t, (app) => {
    app.get('/long', { config }, async () => 'x'.repeat(101))
    app.get('/endless', { config }, async () => Readable.from((function * () { for (;;) yield 'x'.repeat(50) })()))
    app.get('/short', { config }, async () => 'x'.repeat(100))
  }, { expose: { maxResponseBytes: 100 } })

  const text = 'The request was served, but the reply is longer than 100 bytes; ask for less'
  t.match(await call('get_long'), { isError: true, text })
  t.match(await call('get_endless'), { isError: true, text })
  t.match(await call('get_short'), { isError: false })
})

t.test('JSON with line breaks stays on one line of the reply', async (t) => {
  const schema = { response: { 200: { type: 'object', properties: { a: { type: 'string' } } } } }
  const { app, call } = await createRoutesApp(t, (app) => {
    app.get('/pretty', {
      schema, config, onSend: async (_request, _reply, payload) => JSON.stringify(JSON.parse(String(payload)), null, 2)
    }, async () => ({ a: 'x' }))
  })

  t.match(await call('get_pretty'), { structured: { a: 'x' } })
  t.notMatch((await app.inject(modernCall('get_pretty'))).body, /[\n\r]/)
})

type Texts = readonly string[]

const STREAMS: Readonly<Record<string, readonly [type: string, parts: Texts, messages: Texts]>> = {
  'server-sent events': [
    'text/event-stream',
    ['data: one\n\nev', 'ent: x\r\nid: 2\r', '\ndata: two\r\ndata: lines\r\n\r\n: comment\n\ndata:\n\n'],
    ['one', 'two\nlines', '']
  ],
  NDJSON: [
    'application/x-ndjson',
    ['{"a":1}\n{"a"', ':2}\n\n{"a":"\u20ac"}\n'],
    ['{"a":1}', '{"a":2}', '{"a":"\u20ac"}']
  ]
}

for (const [what, [type, parts, messages]] of Object.entries(STREAMS)) {
  t.test(`a reply of ${what} becomes progress, and then the whole`, async (t) => {
    const { app } = await createRoutesApp(t, (app) => {
      app.get('/stream', { config }, async (_request, reply) => reply.type(type).send(Readable.from(parts)))
    })

    const headers = { accept: 'application/json, text/event-stream' }
    const reply = await app.inject(modernCall('get_stream', {}, { meta: { progressToken: 'p' }, headers }))

    const lines = reply.body.split('\n').filter((line) => line.startsWith('data: {'))
    const sent = lines.map((line) => JSON.parse(line.slice(6)))
    const last = sent.pop()
    t.same(sent.map(({ method, params: { progress, message } }) => [method, progress, message]),
      messages.map((message, index) => ['notifications/progress', index + 1, message]))
    t.equal(last.result.content[0].text, parts.join(''))
  })
}

t.test('an app that rewrites the URLs of its clients does not rewrite those of routes, and its hooks may', async (t) => {
  const { call, app } = await createRoutesApp(t, (app) => {
    app.get('/v1/orders/:id', { config: { mcp: { name: 'order' } } }, async ({ params, url, originalUrl }) => {
      return { params, url, originalUrl }
    })
    app.get('/v1/again', { config: { mcp: { name: 'again' } } }, async (request) => {
      request.raw.url = '/changed'
      return request.url
    })
  }, { fastify: { rewriteUrl: ({ url = '' }) => url === '/mcp' ? url : `/v1${url}` } })

  t.match((await app.inject('/orders/7')).json(), { url: '/v1/orders/7', originalUrl: '/orders/7' })
  t.match(await call('order', { id: 7 }), { text: /"url":"\/v1\/orders\/7"/ })
  t.match(await call('again'), { text: '/changed' })
})

t.test('a route that asks a modern client is no failure in the log', async (t) => {
  const { app, logLines } = createHost(t)
  const NAME = Type.Object({ name: Type.String() })
  app.get('/name', { config }, async ({ mcp }) => (await mcp?.elicit('What is your name?', NAME))?.action)
  await app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })
  await app.ready()

  const capabilities = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } }
  const reply = await app.inject(modernCall('get_name', {}, { meta: capabilities }))

  t.equal(reply.json().result.resultType, 'input_required')
  t.same(logLines.filter(({ level }) => Number(level) >= 50), [])
})

t.test('arguments that no request can carry are refused', async (t) => {
  const { call } = await createRoutesApp(t, (app) => {
    app.get('/a/:id', { config: { mcp: { headers: ['x-a'] } } }, async () => 'ok')
    app.put('/b/:id', { config: { mcp: { input: 'grouped' } } }, async () => 'ok')
  })

  t.match(await call('get_a_id'), { isError: true, text: "Invalid arguments: 'id' is missing, which the path needs" })
  t.match(await call('get_a_id', { id: [1] }), { isError: true, text: /'id' must be a text/ })
  t.match(await call('get_a_id', { id: 1, 'x-a': 'a\nb' }), { isError: true, text: /'x-a' has characters/ })
  t.match(await call('put_b_id', { params: 7 }), { isError: true, text: /each part of the request must be an object/ })
  t.match(await call('get_a_id', { id: 'x'.repeat(200) }), { isError: true, text: /^404 Not Found/ })
})

t.test('scopes and visible restrict a route as they do any tool', async (t) => {
  const { app } = createHost(t)
  app.get('/hidden', { config: { mcp: { visible: () => false } } }, async () => 1)
  app.get('/scoped', { config: { mcp: { scopes: ['orders:write'] } } }, async () => 1)
  app.get('/open', { config }, async () => 1)
  await app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })
  await app.ready()

  const { tools } = (await app.inject(modern('tools/list'))).json().result
  const hidden = await app.inject(modernCall('get_hidden'))
  const scoped = await app.inject(modernCall('get_scoped'))

  t.same(tools.map(({ name }: { name: string }) => name), ['get_open'])
  t.match(hidden.json(), { error: { code: -32602, message: 'Unknown tool: get_hidden' } })
  t.equal(scoped.statusCode, 403)
  t.match(await app.mcp.get('Routes').call('get_scoped'), { content: [{ text: '1' }] })
})

t.test('a header without a value is not sent', async (t) => {
  const { call } = await createRoutesApp(t, (app) => {
    app.get('/a', { config: { mcp: { headers: ['x-a', 'x-b'] } } }, async ({ headers }) => {
      return [headers['x-a'], headers['x-b'] === undefined]
    })
  })

  t.match(await call('get_a', { 'x-a': '1', 'x-b': null }), { text: '["1",true]' })
})
