// Replies of a v1 server instance.
import t from 'tap'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  McpError,
  RequestSchema
} from '@modelcontextprotocol/sdk/types.js'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { RpcError } from '../../../lib/index.ts'
import {
  createHost,
  initialize,
  JSON_AND_SSE,
  legacy,
  modern,
  modernCall,
  mount,
  openSession
} from '../../support/app.ts'
import { createSdkApp, createV1, said, SERVER_META } from '../../support/sdk-servers.ts'

const HELLO = { content: [{ type: 'text', text: 'hello' }] }

function createThrowing (): Server {
  const server = new Server({ name: 'Tasks', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [] }))
  server.setRequestHandler(CallToolRequestSchema, ({ params: { name } }) => {
    if (name === 'coded') throw new McpError(-32001, 'not now', { retry: true })
    if (name === 'uncoded') throw new TypeError('out of order')
    if (name === 'worded') throw new RpcError(-32002, 'not here', { uri: 'note://1' })
    if (name === 'parsed') z.string().parse(1)
    // eslint-disable-next-line no-throw-literal
    throw undefined
  })
  return server
}

async function failingCall (app: FastifyInstance, name: string): Promise<unknown> {
  return (await app.inject(legacy('tools/call', { name }, { headers: await openSession(app) }))).json().error
}

t.test(
  'a session is opened with the revision that the mount speaks and what the instance says of itself',
  async (t) => {
    const { app, mounted } = await createSdkApp(
      t,
      createV1({ instructions: 'Say hello.', capabilities: { logging: {} } })
    )

    const response = await app.inject(initialize('2025-06-18'))

    t.same(response.json(), {
      jsonrpc: '2.0',
      id: 1,
      result: {
        protocolVersion: '2025-06-18',
        capabilities: { logging: {}, tools: { listChanged: true } },
        serverInfo: { name: 'Tasks', version: '1.0.0' },
        instructions: 'Say hello.'
      }
    })
    t.equal(mounted.sessions.size, 1)
    t.equal(mounted.name, 'Tasks')
  }
)

t.test('a mount of an instance has its name, and mount.server is the given object', async (t) => {
  const server = createV1()
  const { app } = createHost(t)

  await mount(app, { server })

  t.equal(app.mcp.get('Tasks').server, server)
})

t.test('a legacy client and a modern one get what a handler returned, each in its era', async (t) => {
  const { app } = await createSdkApp(t, createV1())

  const fromLegacy = await app.inject(legacy('tools/call', { name: 'hello' }, { headers: await openSession(app) }))
  const fromModern = await app.inject(modernCall('hello'))

  t.same(fromLegacy.json(), { jsonrpc: '2.0', id: 1, result: HELLO })
  t.same(fromModern.json(), { jsonrpc: '2.0', id: 1, result: { ...HELLO, resultType: 'complete', _meta: SERVER_META } })
})

t.test('requests with the same id are served at once, each for its own session', async (t) => {
  const server = createV1()
  server.registerTool('who', {}, ({ sessionId, requestId }) => said(`${sessionId} ${requestId}`))
  const { app } = await createSdkApp(t, server)
  const sessions = await Promise.all(Array.from({ length: 5 }, () => openSession(app)))

  const responses = await Promise.all(
    sessions.map((headers) => app.inject(legacy('tools/call', { name: 'who' }, { id: 7, headers })))
  )

  t.same(
    responses.map((response) => response.json()),
    sessions.map((headers) => ({ jsonrpc: '2.0', id: 7, result: said(`${headers['mcp-session-id']} 7`) }))
  )
})

t.test(
  'what a handler throws is told in the code and words of the SDK, and logged where it was not meant for the client',
  async (t) => {
    const { app, logLines } = await createSdkApp(t, createThrowing())

    t.same(await failingCall(app, 'coded'), {
      code: -32001,
      message: 'MCP error -32001: not now',
      data: { retry: true }
    })
    t.same(await failingCall(app, 'worded'), { code: -32002, message: 'not here', data: { uri: 'note://1' } })
    t.same(
      logLines.filter(({ level }) => level === 40),
      []
    )
    t.same(await failingCall(app, 'uncoded'), { code: -32603, message: 'out of order' })
    t.same(await failingCall(app, 'parsed'), { code: -32603, message: z.string().safeParse(1).error?.message })
    t.same(await failingCall(app, 'thrown'), { code: -32603, message: 'Internal error' })
    t.match(
      logLines.filter(({ level }) => level === 40),
      [
        { msg: 'tools/call failed in an SDK server', err: { type: 'TypeError', message: 'out of order' } },
        { msg: 'tools/call failed in an SDK server', err: { type: 'ZodError' } },
        { msg: 'tools/call failed in an SDK server' }
      ]
    )
  }
)

t.test('parameters that the SDK cannot parse are answered with an error', async (t) => {
  const { app } = await createSdkApp(t, createV1())

  const response = await app.inject(legacy('tools/call', { name: 1 }, { headers: await openSession(app) }))

  t.equal(response.statusCode, 200)
  t.match(response.json(), { id: 1, error: { code: -32603, message: /expected string, received number/ } })
})

t.test('a method without a handler is refused as unknown', async (t) => {
  const { app } = await createSdkApp(t, createV1())

  const fromLegacy = await app.inject(legacy('prompts/list', {}, { headers: await openSession(app) }))
  const fromModern = await app.inject(modern('prompts/list'))

  const unknown = { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method not found: prompts/list' } }
  t.same([fromLegacy.statusCode, fromLegacy.json()], [200, unknown])
  t.same([fromModern.statusCode, fromModern.json()], [404, unknown])
})

t.test('the fallback handler and handlers of methods of its own serve both eras', async (t) => {
  const server = createV1()
  server.server.fallbackRequestHandler = async ({ method, params }) => ({ fellBack: { method, params } })
  server.server.setRequestHandler(RequestSchema.extend({ method: z.literal('tasks/count') }), () => ({ count: 3 }))
  const { app } = await createSdkApp(t, server)
  const headers = await openSession(app)
  const ask = async (method: string): Promise<unknown[]> => [
    (await app.inject(legacy(method, { a: 1 }, { headers }))).json().result,
    (await app.inject(modern(method, { a: 1 }))).json().result
  ]

  const marked = { resultType: 'complete', _meta: SERVER_META }
  t.same(await ask('tasks/count'), [{ count: 3 }, { count: 3, ...marked }])
  const fellBack = { method: 'tasks/else', params: { a: 1 } }
  t.same(await ask('tasks/else'), [{ fellBack }, { fellBack, ...marked }])
})

t.test('the second argument of a handler has everything that the SDK provides', async (t) => {
  const server = createV1()
  server.registerTool('tell', {}, ({ requestId, sessionId, _meta, authInfo, requestInfo, signal }) =>
    said(
      JSON.stringify({
        requestId,
        sessionId: sessionId?.length,
        _meta,
        authInfo,
        requestInfo: { accept: requestInfo?.headers['x-note'], url: requestInfo?.url },
        aborted: signal.aborted
      })
    )
  )
  const { app, mounted } = await createSdkApp(t, server)
  const tell = async (session: object): Promise<unknown> =>
    JSON.parse(
      (
        await app.inject(
          legacy(
            'tools/call',
            { name: 'tell', _meta: { 'a.example/b': 1 } },
            {
              id: 'x',
              url: '/mcp?a=1',
              headers: { ...session, 'x-note': 'noted' }
            }
          )
        )
      ).json().result.content[0].text
    )

  t.same(await tell(await openSession(app)), {
    requestId: 'x',
    sessionId: 36,
    _meta: { 'a.example/b': 1 },
    requestInfo: { accept: 'noted', url: 'http://localhost/mcp?a=1' },
    aborted: false
  })
  t.same(await mounted.call('tell'), {
    ...said(JSON.stringify({ requestId: 0, requestInfo: {}, aborted: false })),
    resultType: 'complete',
    _meta: SERVER_META
  })
})

t.test('a request with an invalid Host has no URL in requestInfo', async (t) => {
  const server = createV1()
  server.registerTool('tell', {}, ({ requestInfo }) => said(String(requestInfo?.url)))
  const { app } = await createSdkApp(t, server, { dnsRebindingProtection: false })

  const response = await app.inject(modernCall('tell', {}, { headers: { host: 'a b' } }))

  t.match(response.json(), { result: said('undefined') })
})

t.test('closing a stream does nothing if the client cannot resume', async (t) => {
  const server = createV1()
  server.registerTool('close', {}, ({ closeSSEStream, closeStandaloneSSEStream }) => {
    closeSSEStream?.()
    closeStandaloneSSEStream?.()
    return said('done')
  })
  const { app, mounted } = await createSdkApp(t, server)

  const response = await app.inject(
    legacy('tools/call', { name: 'close' }, { headers: { ...JSON_AND_SSE, ...(await openSession(app)) } })
  )

  t.same(response.json(), { jsonrpc: '2.0', id: 1, result: said('done') })
  t.match(await mounted.call('close'), said('done'))
})

t.test('without sessions a request has no session id', async (t) => {
  const server = createV1()
  server.registerTool('who', {}, ({ sessionId }) =>
    said(JSON.stringify([sessionId ?? 'no session', server.server.getClientVersion() ?? 'nobody']))
  )
  const { app } = await createSdkApp(t, server, { stateless: true })

  const opened = await app.inject(initialize())
  const response = await app.inject(legacy('tools/call', { name: 'who' }))

  t.match(opened.json(), { result: { protocolVersion: '2025-11-25', serverInfo: { name: 'Tasks' } } })
  t.equal(opened.headers['mcp-session-id'], undefined)
  t.same(response.json(), { jsonrpc: '2.0', id: 1, result: said(JSON.stringify(['no session', 'nobody'])) })
})

t.test('a batch of 2025-03-26 is served by an instance', async (t) => {
  const { app } = await createSdkApp(t, createV1())
  const { method, url, headers } = legacy('', {}, { headers: await openSession(app, '2025-03-26') })

  const response = await app.inject({
    method,
    url,
    headers,
    payload: JSON.stringify([
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'hello' } }
    ])
  })

  t.same(
    response.json().toSorted((a: { id: number }, b: { id: number }) => a.id - b.id),
    [
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', id: 2, result: HELLO }
    ]
  )
})
