import t from 'tap'
import { Type, type McpServer, type RequestContext, type ServerDefinition } from '../../lib/index.ts'
import { createServer, SERVER_META } from '../support/app.ts'
import { createGate, until, type Gate } from '../support/stream.ts'
import {
  byId,
  failure,
  initialize,
  INITIALIZED,
  legacy,
  legacyCall,
  modern,
  modernCall,
  notification,
  openPipe,
  openSession,
  result,
  text
} from './pipe.ts'

const FORM = { elicitation: {} }
const ASKED = {
  mode: 'form',
  message: 'Who are you?',
  requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
}

function createTalkingNotes (): McpServer {
  const server = createServer()
  server.registerResource('a', 'notes://a', {}, () => 'a')
  server.registerTool(
    'who',
    {},
    (_args: unknown, { auth, client, era, protocolVersion, request, sessionId }: RequestContext) =>
      JSON.stringify({
        subject: auth?.subject,
        client: client.info?.name,
        era,
        protocolVersion,
        request: typeof request,
        session: typeof sessionId
      })
  )
  server.registerTool('work', {}, async (_args: unknown, ctx: RequestContext) => {
    await ctx.reportProgress(1, 2, 'half')
    await ctx.info('working')
    await ctx.debug('details')
    return 'done'
  })
  server.registerTool('greet', {}, async (_args: unknown, ctx: RequestContext) => {
    const answer = await ctx.elicit('Who are you?', Type.Object({ name: Type.String() }))
    return answer.action === 'accept' ? `Hello ${answer.content.name}` : 'Hello'
  })
  server.registerTool('touch', {}, (_args: unknown, ctx: RequestContext) => {
    ctx.notifyResourceUpdated('notes://a')
    return 'touched'
  })
  return server
}

/** A server with a tool that waits until a test releases it, or its call ends. */
function createWaiting (): {
  readonly server: McpServer
  readonly started: Gate
  readonly go: Gate
  readonly aborted: Gate<string>
} {
  const [started, go, aborted] = [createGate(), createGate(), createGate<string>()]
  const server = createServer()
  server.registerTool('wait', {}, async (_args: unknown, { signal }: RequestContext) => {
    signal.addEventListener('abort', () => aborted.open(String(signal.reason.message)))
    started.open()
    await Promise.race([go.promise, aborted.promise])
    return 'waited'
  })
  return { server, started, go, aborted }
}

t.test('initialize opens the session of the connection', async (t) => {
  const { write, take } = await openPipe(t)

  // At once, as a script would.
  write(initialize(1, '2025-06-18'), INITIALIZED, legacyCall(2, 'echo', { text: 'hi' }), legacy(3, 'nothing'))

  t.same(byId(await take(3)), [
    result(1, {
      protocolVersion: '2025-06-18',
      capabilities: { tools: { listChanged: true }, logging: {} },
      serverInfo: { name: 'Notes', version: '1.0.0' }
    }),
    text(2, 'hi'),
    failure(3, -32601, 'Method not found: nothing')
  ])
})

t.test('before initialize, pings are answered and other legacy requests are refused', async (t) => {
  const { write, take } = await openPipe(t)

  write(INITIALIZED, { jsonrpc: '2.0', id: 'x', result: {} }, legacy(1, 'ping'), legacy(2, 'tools/list'), [
    legacy(3, 'ping')
  ])

  t.same(await take(3), [
    result(1, {}),
    failure(2, -32600, "Invalid Request: send 'initialize' first, or name the revision in '_meta' of the request"),
    failure(
      null,
      -32600,
      'Invalid Request: only a session of revision 2025-03-26 has batches; send each message on its own'
    )
  ])
})

t.test('an initialize that is invalid or fails opens no session', async (t) => {
  const server = createServer()
  server.use((ctx, next) => { if (ctx.method === 'initialize') throw new Error('not today'); return next() })
  const { write, take } = await openPipe(t, server)

  write(legacy(1, 'initialize', { protocolVersion: '2025-11-25' }), initialize(2))
  const refused = await take(2)
  write(legacy(3, 'tools/list'))

  t.match([...refused, ...await take(1)], [
    failure(1, -32602, "Invalid params: initialize needs 'capabilities', an object"),
    { id: 2, error: { code: -32603, message: /^Error answering initialize/ } },
    { id: 3, error: { code: -32600, message: /send 'initialize' first/ } }
  ])
})

t.test('an initialize that fails leaves the former session open', async (t) => {
  const [started, fail] = [createGate(), createGate()]
  const server = createServer()
  let count = 0
  server.use(async (ctx, next) => {
    if (ctx.method !== 'initialize' || count++ > 0) return await next()
    started.open()
    await fail.promise
    throw new Error('not today')
  })
  const { write, take } = await openPipe(t, server)

  write(initialize(1))
  await started.promise
  write(initialize(2))
  const replies = await take(2)
  fail.open()
  write(legacy(3, 'ping'))

  t.match(replies, [failure(1, -32603, 'The session has ended; send the request again'), { id: 2, result: {} }])
  t.match(await take(1), [{ id: 3, result: {} }])
})

t.test('a second initialize opens another session, and the calls of the first one get an error', async (t) => {
  const { server, started, aborted } = createWaiting()
  const piped = await openPipe(t, server)
  await openSession(piped)

  piped.write(legacyCall(1, 'wait'))
  await started.promise
  piped.write(initialize(2, '2025-03-26'))
  const [cut, opened] = await piped.take(2)

  t.same(cut, failure(1, -32603, 'The session has ended; send the request again'))
  t.match(opened, { id: 2, result: { protocolVersion: '2025-03-26' } })
  t.equal(await aborted.promise, 'The session has ended')
})

t.test('handlers see the same ctx in both eras, without an HTTP request', async (t) => {
  const auth = { token: '', clientId: 'desktop', subject: 'ann', scopes: ['notes'] }
  const piped = await openPipe(t, createTalkingNotes(), { auth })
  await openSession(piped)

  piped.write(legacyCall(1, 'who'))
  const [old] = await piped.take(1)
  piped.write(modernCall(2, 'who', {}, { 'io.modelcontextprotocol/clientInfo': { name: 'new', version: '1' } }))

  t.same(
    old,
    text(
      1,
      JSON.stringify({
        subject: 'ann',
        client: 'test',
        era: 'legacy',
        protocolVersion: '2025-11-25',
        request: 'undefined',
        session: 'string'
      })
    )
  )
  t.same(await piped.next(), result(2, {
    resultType: 'complete',
    content: [
      {
        type: 'text',
        text: JSON.stringify({
          subject: 'ann',
          client: 'new',
          era: 'modern',
          protocolVersion: '2026-07-28',
          request: 'undefined',
          session: 'undefined'
        })
      }
    ],
    _meta: SERVER_META
  }))
})

t.test('a tool that needs a scope can be called only if the auth option has that scope', async (t) => {
  const server = createServer()
  server.registerTool('secret', { scopes: ['notes:read'] }, () => 'secret')
  const without = await openPipe(t, server)
  const withScope = await openPipe(t, server, { auth: { token: '', clientId: 'desktop', scopes: ['notes:read'] } })

  for (const { write } of [without, withScope]) write(modernCall(1, 'secret'))

  t.same(await without.next(), {
    jsonrpc: '2.0',
    id: 1,
    error: {
      code: 6750,
      message: 'Insufficient scope: the request needs notes:read',
      data: { requiredScopes: ['notes:read'] }
    }
  })
  t.match(await withScope.next(), { id: 1, result: { content: [{ text: 'secret' }] } })
})

t.test('progress and log messages precede the result, log messages from the requested level on', async (t) => {
  const piped = await openPipe(t, createTalkingNotes())
  await openSession(piped)
  const progress = (token: string): object =>
    notification('notifications/progress', { progressToken: token, progress: 1, total: 2, message: 'half' })
  const log = notification('notifications/message', { level: 'info', data: 'working' })

  piped.write(legacy('level', 'logging/setLevel', { level: 'info' }))
  await piped.next()
  piped.write(legacyCall(1, 'work', {}, { progressToken: 'a' }))
  const old = await piped.take(3)
  piped.write(modernCall(2, 'work', {}, { progressToken: 'b', 'io.modelcontextprotocol/logLevel': 'info' }))
  const modernMessages = await piped.take(3)
  piped.write(modernCall(3, 'work'))

  t.same(old, [progress('a'), log, text(1, 'done')])
  t.match(modernMessages, [progress('b'), log, { id: 2, result: {} }])
  t.match(await piped.next(), { id: 3, result: {} })
})

t.test('a legacy client is asked with a request, and answers with a response', async (t) => {
  const piped = await openPipe(t, createTalkingNotes())
  await openSession(piped, undefined, FORM)

  piped.write(legacyCall(1, 'greet'))
  const question = await piped.next()
  piped.write(result('ask-1', { action: 'accept', content: { name: 'Ann' } }), result('ask-7', {}))

  t.match(question, { jsonrpc: '2.0', id: 'ask-1', method: 'elicitation/create', params: { message: 'Who are you?' } })
  t.same(await piped.next(), text(1, 'Hello Ann'))
})

t.test('a modern client is asked with a result, and repeats the call with the answer', async (t) => {
  const { write, next } = await openPipe(t, createTalkingNotes())
  const capable = { 'io.modelcontextprotocol/clientCapabilities': FORM }

  write(modernCall(1, 'greet', {}, capable))
  const asked = await next() as { result: { inputRequests: object, requestState: string } }
  const [key = ''] = Object.keys(asked.result.inputRequests)
  write(modern(2, 'tools/call', {
    name: 'greet',
    arguments: {},
    requestState: asked.result.requestState,
    inputResponses: { [key]: { action: 'accept', content: { name: 'Ann' } } }
  }, capable))

  t.match(asked, {
    id: 1,
    result: {
      resultType: 'input_required',
      inputRequests: { [key]: { method: 'elicitation/create', params: { message: ASKED.message } } }
    }
  })
  t.match(await next(), { id: 2, result: { resultType: 'complete', content: [{ text: 'Hello Ann' }] } })
})

for (const [era, call] of [['legacy', legacyCall], ['modern', modernCall]] as const) {
  t.test(`a ${era} request that is cancelled is aborted and not answered`, async (t) => {
    const { server, started, aborted } = createWaiting()
    const piped = await openPipe(t, server)
    await openSession(piped)

    piped.write(call('a', 'wait'))
    await started.promise
    piped.write(
      notification('notifications/cancelled', { requestId: 'unknown' }),
      notification('notifications/cancelled', { requestId: {} })
    )
    piped.write(notification('notifications/cancelled', { requestId: 'a', reason: 'enough' }))
    const reason = await aborted.promise
    piped.write(legacy('b', 'ping'))

    t.equal(reason, 'The request was cancelled: enough')
    t.same(await piped.next(), result('b', {}))
  })
}

t.test('a handler that reads ctx.signal late finds it aborted, and can no longer ask', async (t) => {
  const [started, go, outcome] = [createGate(), createGate(), createGate<unknown>()]
  const server = createServer()
  server.registerTool('late', {}, async (_args: unknown, ctx: RequestContext) => {
    started.open()
    await go.promise
    await ctx.reportProgress(1)
    const asked = await ctx.listRoots().catch((error: Error) => error.message)
    outcome.open([ctx.signal.aborted, asked])
    return 'late'
  })
  const piped = await openPipe(t, server)
  await openSession(piped, undefined, { roots: {} })

  piped.write(legacyCall(1, 'late', {}, { progressToken: 'a' }))
  await started.promise
  piped.write(notification('notifications/cancelled', { requestId: 1 }), legacy(2, 'ping'))
  const next = await piped.next()
  go.open()

  t.same(next, result(2, {}))
  t.same(await outcome.promise, [true, 'roots/list cannot be sent: the client has no session, or has left'])
})

for (const era of ['modern', 'legacy'] as const) {
  t.test(
    `${era} requests that have one id at once are answered each, and a cancellation that could mean any of them ` +
      'means none',
    async (t) => {
      const { server, started, go } = createWaiting()
      const piped = await openPipe(t, server)
      const { write, next, logLines } = piped
      if (era === 'legacy') await openSession(piped)
      const call = era === 'modern' ? modernCall : legacyCall
      let running = 0
      const both = createGate()
      server.registerTool('second', {}, async () => {
        if (++running === 1) both.open()
        await go.promise
        return 'second'
      })

      write(call(1, 'wait'), call(1, 'second'))
      await Promise.all([started.promise, both.promise])
      write(call(1, 'echo', { text: 'a' }))
      const first = await next()
      write(notification('notifications/cancelled', { requestId: 1 }), call(2, 'echo', { text: 'b' }))
      const second = await next()
      go.open()
      const texts = [await next(), await next()].map((reply) => JSON.stringify(reply))

      t.match(first, { id: 1, result: { content: [{ text: 'a' }] } })
      t.match(second, { id: 2, result: { content: [{ text: 'b' }] } })
      t.same(texts.map((text) => /"text":"(\w+)"/.exec(text)?.[1]).sort(), ['second', 'waited'])
      t.match(logLines, [{ requestId: '1', msg: /^a client cancelled an id that several running requests have/ }])
    }
  )
}

t.test('a session of 2025-03-26 may send batches and gets one array', async (t) => {
  const { server, started, aborted } = createWaiting()
  const piped = await openPipe(t, server, { maxBatch: 4 })
  await openSession(piped, '2025-03-26')
  const { write, next } = piped

  write([legacy(1, 'ping'), INITIALIZED, 5, legacyCall(2, 'echo', { text: 'hi' })])
  const answered = await next()
  write([legacyCall(3, 'wait')])
  await started.promise
  write([notification('notifications/cancelled', { requestId: 3 })], [], [1, 2, 3, 4, 5])

  t.same(byId(answered), [
    failure(null, -32600, 'Invalid Request: a message must be a JSON object'),
    result(1, {}),
    text(2, 'hi')
  ])
  t.same(await next(), failure(null, -32600, 'Invalid Request: the batch is empty'))
  t.same(
    await next(),
    failure(null, -32600, "Invalid Request: the batch has more than 4 messages, which is 'maxBatch'")
  )
  t.equal(await aborted.promise, 'The request was cancelled: the client gave no reason')
})

t.test('a legacy session gets changes once it is initialized', async (t) => {
  const server = createTalkingNotes()
  const piped = await openPipe(t, server)
  const { connection, write, take, next } = piped

  server.registerTool('early', {}, () => 'early')
  write(initialize())
  const [opened] = await take(1)
  write(INITIALIZED, INITIALIZED, legacy(1, 'resources/subscribe', { uri: 'notes://a' }))
  await next()
  server.registerTool('late', {}, () => 'late')
  const told = await next()
  connection.notify.promptsChanged()
  connection.notify.resourceUpdated('notes://b')
  connection.notify.resourceUpdated('notes://a')

  t.match(opened, { id: 'init' })
  t.same(told, { jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
  t.same(await take(2), [
    { jsonrpc: '2.0', method: 'notifications/prompts/list_changed' },
    notification('notifications/resources/updated', { uri: 'notes://a' })
  ])
})

/** A definition that records the messages it gets. */
function createDefinition (own: Partial<ServerDefinition>): ServerDefinition {
  return { serve: async () => ({}), ...own }
}

t.test(
  'a definition gets the notifications of both eras and the end of the session, and what it throws is logged',
  async (t) => {
    const told: unknown[] = []
    const piped = await openPipe(
      t,
      createDefinition({
        notified: ({ message: { method, params }, caller: { era } }) => {
          told.push([method, params, era])
          throw new Error('no')
        },
        ended: (session) => {
          told.push(typeof session)
          throw new Error('never')
        }
      })
    )
    await openSession(piped)
    piped.write(notification('notifications/roots/list_changed', { a: 1 }), modernNotification(), legacy(1, 'ping'))
    await piped.next()

    await piped.connection.close()

    t.match(told, [
      ['notifications/initialized', {}, 'legacy'],
      ['notifications/roots/list_changed', { a: 1 }, 'legacy'],
      ['notifications/other', Object, 'modern'],
      'object'
    ])
    t.same(
      piped.logLines.map(({ msg }) => msg),
      [
        'notifications/initialized could not be handed over to the server',
        'notifications/roots/list_changed could not be handed over to the server',
        'notifications/other could not be handed over to the server',
        "a session's server failed to close"
      ]
    )
  }
)

function modernNotification (): object {
  return notification('notifications/other', { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } })
}

t.test('JSON with newlines from a definition is written as one line', async (t) => {
  const { output, write } = await openPipe(t, createDefinition({ serve: async () => '{\n  "pretty": true\n}' }))
  const lines: string[] = []
  output.on('data', (chunk) => lines.push(String(chunk)))

  write(modern(1, 'tools/list'))
  await until(() => lines.length > 0)

  t.same(lines, ['{"jsonrpc":"2.0","id":1,"result":{   "pretty": true }}\n'])
})

t.test('an unexpected error of a definition is logged and answered with an internal error', async (t) => {
  const { next, write, logLines } = await openPipe(
    t,
    createDefinition({
      serve: () => { throw new TypeError('secret') }
    })
  )

  write(modern(1, 'tools/list'))

  t.same(await next(), failure(1, -32603, 'Internal error'))
  t.match(logLines, [{ msg: 'a server definition threw something other than an RpcError' }])
})

t.test('a definition that resolves to no result is logged and answered with an internal error', async (t) => {
  for (const outcome of ['', undefined, null, []]) {
    const { next, write, logLines } = await openPipe(t, createDefinition({ serve: async () => outcome as object }))

    write(modern(1, 'tools/list'))

    t.same(await next(), failure(1, -32603, 'Internal error'))
    const msg = 'a server definition threw something other than an RpcError'
    t.match(logLines, [{ msg, err: { type: 'TypeError' } }])
  }
})
