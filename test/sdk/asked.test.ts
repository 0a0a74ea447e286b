// SDK servers ask their clients during a call, as an instance that many clients share and as servers of one client.
import t, { type Test } from 'tap'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { EmptyResultSchema, ListRootsResultSchema, type ClientCapabilities } from '@modelcontextprotocol/sdk/types.js'
import { JSON_AND_SSE, legacy, modernCall, openSessionAs, post } from '../support/app.ts'
import { createGate, listen, openGet, readFrames, send, until } from '../support/stream.ts'
import { createSdkApp, createV1, said, SERVER_META, type SdkApp } from '../support/sdk-servers.ts'

type Headers = Readonly<Record<string, string>>

interface Message {
  readonly id?: string
  readonly method?: string
  readonly params?: { readonly [name: string]: unknown }
  readonly result?: object
  readonly error?: object
}

/** A stream read message by message. */
interface Stream { next (): Promise<Message> }

interface Asking extends SdkApp {
  open (name: string, capabilities: ClientCapabilities): Promise<Headers>
  call (name: string, session: Headers, id?: number): Promise<Stream>
  get (session: Headers): Promise<Stream>
  notify (method: string, params: object, session: Headers): Promise<void>
  answer (message: Message, answer: object, session: Headers): Promise<void>
}

const FORM = {
  message: 'Who?',
  requestedSchema: { type: 'object' as const, properties: { name: { type: 'string' as const } } }
}
const SAMPLE = {
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Name a number' } }],
  maxTokens: 10
}
const ALL: ClientCapabilities = { elicitation: {}, sampling: {}, roots: {} }

function readMessages (response: Response): Stream {
  const frames = readFrames(response)
  const next = async (): Promise<Message> => {
    const { value = '' } = await frames.next()
    const data = /^event: message\ndata: (.*)$/.exec(value)?.[1]
    return data === undefined ? next() : JSON.parse(data)
  }
  return { next }
}

async function createAsking (t: Test, server: McpServer | (() => McpServer)): Promise<Asking> {
  const sdkApp = await createSdkApp(t, server)
  const { app } = sdkApp
  const address = await listen(app)
  const notify = async (method: string, params: object, session: Headers): Promise<void> => {
    await post(app, { jsonrpc: '2.0', method, params }, session)
  }
  return {
    ...sdkApp,
    notify,
    open: (name, capabilities) => openSessionAs(app, name, capabilities),
    call: async (name, session, id = 1) =>
      readMessages(
        await send(address, legacy('tools/call', { name }, { id, headers: { ...JSON_AND_SSE, ...session } }))
      ),
    get: async (session) => readMessages(await openGet(address, session)),
    async answer ({ id }, answer, session) { await post(app, { jsonrpc: '2.0', id, ...answer }, session) }
  }
}

function addAskingTools (server: McpServer): McpServer {
  server.registerTool('elicit', {}, async () => said(JSON.stringify(await server.server.elicitInput(FORM))))
  server.registerTool('sample', {}, async () => said(JSON.stringify(await server.server.createMessage(SAMPLE))))
  server.registerTool('roots', {}, async ({ sendRequest }) =>
    said(JSON.stringify(await sendRequest({ method: 'roots/list' }, ListRootsResultSchema)))
  )
  server.registerTool('ping', {}, async () => said(JSON.stringify(await server.server.ping())))
  server.registerTool('impatient', {}, async ({ sendRequest }) =>
    said(await sendRequest({ method: 'ping' }, EmptyResultSchema, { timeout: 1 }).then(() => 'answered', String))
  )
  server.registerTool('aborted', {}, async ({ sendRequest }) => {
    const controller = new AbortController()
    const asked = sendRequest({ method: 'ping' }, EmptyResultSchema, { signal: controller.signal })
    controller.abort('enough')
    return said(await asked.then(() => 'answered', String))
  })
  return server
}

const forms = {
  'an instance': () => addAskingTools(createV1()),
  'a factory': () => () => addAskingTools(createV1())
}

for (const [title, create] of Object.entries(forms)) {
  t.test(`${title} asks on the reply stream of the call, and the ids of its questions are unique in the session`, async (t) => {
    const { open, call, answer } = await createAsking(t, create())
    const ann = await open('Ann', ALL)
    const accepted = { action: 'accept', content: { name: 'Ann' } }
    const spoken = { model: 'm', role: 'assistant', content: { type: 'text', text: '7' } }

    const questions: Message[] = []
    const results: unknown[] = []
    for (const [name, result] of Object.entries({ elicit: accepted, sample: spoken, roots: { roots: [] }, ping: {} })) {
      const stream = await call(name, ann)
      const question = await stream.next()
      questions.push(question)
      await answer(question, { result }, ann)
      results.push(await stream.next())
    }

    t.same(questions, [
      { jsonrpc: '2.0', id: 'ask-1', method: 'elicitation/create', params: { mode: 'form', ...FORM } },
      { jsonrpc: '2.0', id: 'ask-2', method: 'sampling/createMessage', params: SAMPLE },
      { jsonrpc: '2.0', id: 'ask-3', method: 'roots/list', params: {} },
      { jsonrpc: '2.0', id: 'ask-4', method: 'ping', params: {} }
    ])
    t.same(
      results,
      [accepted, spoken, { roots: [] }, {}].map((answered) => ({
        jsonrpc: '2.0',
        id: 1,
        result: said(JSON.stringify(answered))
      }))
    )
  })

  t.test(`${title} asks two clients at once, and each answer reaches its own call`, async (t) => {
    const { open, call, answer } = await createAsking(t, create())
    const clients = await Promise.all(['Ann', 'Bob'].map((name) => open(name, ALL)))

    const streams = await Promise.all(clients.map((session) => call('elicit', session)))
    const questions = await Promise.all(streams.map((stream) => stream.next()))
    for (const [index, session] of [...clients.entries()].reverse()) {
      await answer(
        questions[index] ?? {},
        { result: { action: 'accept', content: { name: `client ${index}` } } },
        session
      )
    }
    const results = await Promise.all(streams.map((stream) => stream.next()))

    t.same(
      results.map(({ result }) => result),
      [0, 1].map((index) => said(JSON.stringify({ action: 'accept', content: { name: `client ${index}` } })))
    )
  })

  t.test(`a handler of ${title} gets an error if the client answers with an error`, async (t) => {
    const { open, call, answer } = await createAsking(t, create())
    const ann = await open('Ann', ALL)
    const stream = await call('elicit', ann)

    await answer(await stream.next(), { error: { code: -1, message: 'not now' } }, ann)

    t.same(await stream.next(), { jsonrpc: '2.0', id: 1, result: { ...said('MCP error -1: not now'), isError: true } })
  })

  t.test(`${title} does not ask a client that lacks the capability`, async (t) => {
    const { app, open } = await createAsking(t, create())

    const response = await app.inject(
      legacy('tools/call', { name: 'elicit' }, { headers: await open('Ann', { sampling: {} }) })
    )

    t.same(response.json().result, { ...said('Client does not support form elicitation.'), isError: true })
  })

  t.test(`a question of ${title} that is not answered in time is cancelled`, async (t) => {
    const { open, call } = await createAsking(t, create())
    const stream = await call('impatient', await open('Ann', ALL))

    t.match(await stream.next(), { id: 'ask-1', method: 'ping' })
    t.same(await stream.next(), {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 'ask-1', reason: 'the call has ended' }
    })
    t.same(await stream.next(), {
      jsonrpc: '2.0',
      id: 1,
      result: said('McpError: MCP error -32001: Request timed out')
    })
  })

  t.test(`a question that a handler of ${title} aborts is cancelled`, async (t) => {
    const { open, call } = await createAsking(t, create())
    const stream = await call('aborted', await open('Ann', ALL))

    t.match(await stream.next(), { id: 'ask-1', method: 'ping' })
    t.same(await stream.next(), {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: 'ask-1', reason: 'the call has ended' }
    })
    t.same(await stream.next(), { jsonrpc: '2.0', id: 1, result: said('McpError: MCP error -32001: enough') })
  })

  t.test(`a question of ${title} fails if its client ends the session`, async (t) => {
    const ended = createGate<string>()
    const create = (): McpServer => {
      const server = createV1()
      server.registerTool('ask', {}, async ({ sendRequest }) => {
        await sendRequest({ method: 'ping' }, EmptyResultSchema).catch((error) => ended.open(String(error)))
        return said('done')
      })
      return server
    }
    const { app, open, call } = await createAsking(t, title === 'an instance' ? create() : create)
    const ann = await open('Ann', ALL)
    const stream = await call('ask', ann)
    await stream.next()

    await app.inject({ method: 'DELETE', url: '/mcp', headers: ann })

    t.match(await ended.promise, /ended|closed/)
  })

  t.test(`${title} cannot ask a modern client during a call, and the error suggests native tools`, async (t) => {
    const { app } = await createAsking(t, create())

    const response = await app.inject(
      modernCall('roots', {}, { meta: { 'io.modelcontextprotocol/clientCapabilities': { roots: {} } } })
    )

    t.same(response.json(), {
      jsonrpc: '2.0',
      id: 1,
      result: {
        ...said(
          'MCP error -32600: roots/list cannot be sent: a client of revision 2026-07-28 is not asked in the middle ' +
            'of a call. Native tools can ask it, by ctx.elicit, ctx.sample and ctx.listRoots'
        ),
        isError: true,
        resultType: 'complete',
        _meta: SERVER_META
      }
    })
  })

  t.test(`a modern client without the capability that ${title} needs gets 400 with the missing capability`, async (t) => {
    const { app } = await createAsking(t, create())

    const byTheServer = [
      ['elicit', 'ask the user, and this client does not support that (elicitation)', { elicitation: {} }],
      ['sample', "ask the client's model, and this client does not support that (sampling)", { sampling: {} }]
    ] as const
    // A server of one client looks for capabilities itself, in what it sends by its own methods.
    const asked = [
      ['roots', "list the client's roots, and this client does not support that (roots)", { roots: {} }],
      ...(title === 'an instance' ? byTheServer : [])
    ] as const
    for (const [name, words, requiredCapabilities] of asked) {
      const response = await app.inject(modernCall(name))

      t.equal(response.statusCode, 400)
      t.same(response.json(), {
        jsonrpc: '2.0',
        id: 1,
        error: {
          code: -32021,
          message: `This needs to ${words}. Do without it, or tell the user.`,
          data: { requiredCapabilities }
        }
      })
    }
  })

  t.test(`progress of a question of ${title} reaches only the call that asked`, async (t) => {
    const seen: string[] = []
    const create = (): McpServer => {
      const server = createV1()
      server.registerTool('ask', {}, async ({ sendRequest, sessionId }) => {
        await sendRequest({ method: 'ping' }, EmptyResultSchema, {
          onprogress: ({ progress }) => { seen.push(`${sessionId} ${progress}`) }
        })
        return said('done')
      })
      return server
    }
    const { open, call, notify, answer } = await createAsking(t, title === 'an instance' ? create() : create)
    const ann = await open('Ann', ALL)
    const bob = await open('Bob', ALL)
    const stream = await call('ask', ann)
    const question = await stream.next()
    const progressToken = Object(question.params?.['_meta']).progressToken

    await notify('notifications/progress', { progressToken, progress: 1 }, bob)
    await notify('notifications/progress', { progressToken: 'nobody', progress: 2 }, bob)
    await notify('notifications/progress', { progressToken, progress: 3 }, ann)
    await until(() => seen.length > 0)
    await answer(question, { result: {} }, ann)
    await stream.next()

    t.same(seen, [`${ann['mcp-session-id']} 3`])
  })

  t.test(`${title} asks in oninitialized, and the question is sent once the client listens`, async (t) => {
    const roots = createGate<unknown>()
    const create = (): McpServer => {
      const server = createV1()
      server.server.oninitialized = () => { server.server.listRoots().then(roots.open, roots.open) }
      return server
    }
    const { open, notify, get, answer } = await createAsking(t, title === 'an instance' ? create() : create)
    const ann = await open('Ann', ALL)

    await notify('notifications/initialized', {}, ann)
    const stream = await get(ann)
    const question = await stream.next()
    await answer(question, { result: { roots: [{ uri: 'file:///ann' }] } }, ann)

    t.same(question, { jsonrpc: '2.0', id: 'ask-1', method: 'roots/list', params: {} })
    t.same(await roots.promise, { roots: [{ uri: 'file:///ann' }] })
  })

  t.test(`a question of ${title} to a client that never listens fails when the session ends`, async (t) => {
    const asking = createGate()
    const roots = createGate<unknown>()
    const create = (): McpServer => {
      const server = createV1()
      server.server.oninitialized = () => { server.server.listRoots().then(roots.open, roots.open); asking.open() }
      return server
    }
    const { app, open, notify } = await createAsking(t, title === 'an instance' ? create() : create)
    const ann = await open('Ann', ALL)
    await notify('notifications/initialized', {}, ann)
    await asking.promise

    await app.inject({ method: 'DELETE', url: '/mcp', headers: ann })

    t.match(String(await roots.promise), /The session has ended|Connection closed/)
  })
}

t.test('a client without a session cannot be asked, neither during a call nor after it', async (t) => {
  const late = createGate<unknown>()
  const gate = createGate()
  const server = createV1()
  server.registerTool('ask', {}, async ({ sendRequest, sessionId }) => {
    gate.promise.then(() => sendRequest({ method: 'ping' }, EmptyResultSchema)).then(late.open, late.open)
    return said(
      String(sessionId) +
        String(server.server.transport?.sessionId) +
        (await sendRequest({ method: 'ping' }, EmptyResultSchema).then(() => 'answered', String))
    )
  })
  const { app } = await createSdkApp(t, server, { stateless: true })

  const response = await app.inject(legacy('tools/call', { name: 'ask' }))
  gate.open()

  t.same(
    response.json().result,
    said(
      'undefinedundefinedMcpError: MCP error -32600: ping cannot be sent: the client has no session, accepts no ' +
        'stream, or has left'
    )
  )
  t.equal(String(await late.promise), 'McpError: MCP error -32600: ping cannot be sent: the client has no session')
})
