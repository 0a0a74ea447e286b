// Code that was written for a server with one client: the rows of a table in docs/sdk-servers.md.
import { once } from 'node:events'
import t from 'tap'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as V2McpServer } from '@modelcontextprotocol/server'
import type { Mountable } from '../../lib/index.ts'
import { legacy, modernCall, openSession, post } from '../support/app.ts'
import { createGate, listen, until, type Gate } from '../support/stream.ts'
import { createSdkApp, createV1, said } from '../support/sdk-servers.ts'

const HELLO = { result: said('hello') }
const forms: Readonly<Record<'an instance' | 'a factory', (make: () => V1McpServer) => Mountable>> = {
  'an instance': (make) => make(),
  'a factory': (make) => () => make()
}

interface Waited { readonly started: Gate, readonly reason: Gate<unknown> }

function createWaitingV1 ({ started, reason }: Waited): V1McpServer {
  const server = createV1()
  server.registerTool('wait', {}, async ({ signal }) => {
    started.open()
    await once(signal, 'abort')
    reason.open(signal.reason)
    return said('late')
  })
  return server
}

function createWaitingV2 ({ started, reason }: Waited): V2McpServer {
  const server = new V2McpServer({ name: 'Tasks', version: '1.0.0' })
  server.registerTool('wait', {}, async ({ mcpReq: { signal } }) => {
    started.open()
    await once(signal, 'abort')
    reason.open(signal.reason)
    return said('late')
  })
  return server
}

const waiting: Readonly<
  Record<
    string,
    readonly [mountable: (waited: Waited) => Mountable, server: (waited: Waited) => V1McpServer | V2McpServer]
  >
> = {
  'a v1 instance': [createWaitingV1, createWaitingV1],
  'a v1 factory': [(waited) => () => createWaitingV1(waited), createWaitingV1],
  'a v2 factory': [(waited) => () => createWaitingV2(waited), createWaitingV2]
}

/** Returns the reason that the SDK sets over one of its own transports. */
async function reasonOfSdk (create: (waited: Waited) => V1McpServer | V2McpServer, params: object): Promise<unknown> {
  const waited = { started: createGate(), reason: createGate<unknown>() }
  const server = create(waited)
  const [client, transport] = InMemoryTransport.createLinkedPair()
  await server.connect(transport as never)
  await client.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'wait' } })
  await waited.started.promise
  await client.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, ...params } })
  const reason = await waited.reason.promise
  await server.close()
  return reason
}

for (const [title, [mountable, create]] of Object.entries(waiting)) {
  t.test(`signal.reason of ${title} is the same as in the SDK if a client cancels its request`, async (t) => {
    for (const params of [{ reason: 'no need' }, {}]) {
      const waited = { started: createGate(), reason: createGate<unknown>() }
      const { app } = await createSdkApp(t, mountable(waited))
      const headers = await openSession(app)

      const sent = app.inject(legacy('tools/call', { name: 'wait' }, { headers }))
      await waited.started.promise
      await post(
        app,
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, ...params } },
        headers
      )
      const reason = await waited.reason.promise
      await sent

      const expected = await reasonOfSdk(create, params)
      t.equal(String(reason), String(expected))
      t.equal(reason instanceof Error, expected instanceof Error)
    }
  })
}

for (const [title, form] of Object.entries(forms)) {
  t.test(
    `handlers of ${title} have no sessionId in the modern era, and that of the mount in the legacy era`,
    async (t) => {
      const seen: unknown[] = []
      const { app } = await createSdkApp(
        t,
        form(() => {
          const server = createV1()
          server.registerTool('who', {}, ({ sessionId }) => {
            seen.push(sessionId)
            return said('seen')
          })
          return server
        })
      )
      const headers = await openSession(app)

      await app.inject(modernCall('who'))
      await app.inject(legacy('tools/call', { name: 'who' }, { headers }))

      t.same(seen, [undefined, headers['mcp-session-id']])
    }
  )

  t.test(
    `what a timer of ${title} logs after its call goes to the session of the call, and nowhere in the modern era`,
    async (t) => {
      const timers: Array<() => Promise<unknown>> = []
      const { app } = await createSdkApp(
        t,
        form(() => {
          const server = createV1()
          server.registerTool('begin', {}, async () => {
            const go = createGate()
            const logged = go.promise
              .then(() => server.sendLoggingMessage({ level: 'error', data: 'from a timer' }))
              .then(
                () => 'sent',
                ({ message }: Error) => message
              )
            timers.push(async () => {
              go.open()
              return await logged
            })
            return said('begun')
          })
          return server
        })
      )
      const headers = await openSession(app)
      const stream = await fetch(`${await listen(app)}/mcp`, { headers: { ...headers, accept: 'text/event-stream' } })
      const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()

      await app.inject(legacy('tools/call', { name: 'begin' }, { headers }))
      await app.inject(modernCall('begin'))
      const outcomes = [await timers[0]?.(), await timers[1]?.()]

      let received = ''
      while (!received.includes('from a timer')) received += (await reader?.read())?.value ?? ''
      t.match(received, '"method":"notifications/message"')
      t.same(outcomes, ['sent', title === 'an instance' ? 'sent' : 'Not connected'])
      await reader?.cancel()
    }
  )

  t.test(
    `onclose of ${title} runs when ` +
      `${title === 'an instance' ? 'the app closes' : 'a session or a modern request ends'}`,
    async (t) => {
      let closed = 0
      const { app } = await createSdkApp(
        t,
        form(() => {
          const server = createV1()
          server.server.onclose = () => { closed++ }
          return server
        })
      )
      const headers = await openSession(app)

      t.match((await app.inject(modernCall('hello'))).json(), HELLO)
      const afterModern = closed
      await app.inject({ method: 'DELETE', url: '/mcp', headers })
      if (title === 'a factory') await until(() => closed === 2)
      const afterSession = closed
      await app.close()

      t.same([afterModern, afterSession, closed], title === 'an instance' ? [0, 0, 1] : [1, 2, 2])
    }
  )

  t.test(
    `a wrapper around connect() and the transport of ${title} sees ` +
      `${title === 'an instance' ? 'no requests' : 'its requests'}, and wrapped handlers run`,
    async (t) => {
      const seen: unknown[] = []
      const { app } = await createSdkApp(
        t,
        form(() => watch(createV1(), seen))
      )

      t.match(
        (await app.inject(legacy('tools/call', { name: 'watched' }, { headers: await openSession(app) }))).json(),
        HELLO
      )
      t.match((await app.inject(modernCall('watched'))).json(), HELLO)

      const ofLegacy = ['received initialize', 'sent reply', 'received tools/call', 'handler', 'sent reply']
      const ofModern = [
        'received initialize',
        'sent reply',
        'received tools/list',
        'sent reply',
        'received tools/call',
        'handler',
        'sent reply'
      ]
      t.same(
        seen,
        title === 'an instance'
          ? ['connected', 'handler', 'handler']
          : ['connected', ...ofLegacy, 'connected', ...ofModern]
      )
    }
  )
}

/** Does to a server what performance monitors do. */
function watch (server: V1McpServer, seen: unknown[]): V1McpServer {
  const connect = server.connect.bind(server)
  server.connect = async (transport) => {
    await connect(transport)
    seen.push('connected')
    const { onmessage, send } = transport
    transport.onmessage = (message, extra) => {
      seen.push(`received ${'method' in message ? message.method : 'reply'}`)
      onmessage?.call(transport, message, extra)
    }
    transport.send = async (message, options) => {
      seen.push(`sent ${'method' in message ? message.method : 'reply'}`)
      await send.call(transport, message, options)
    }
  }
  server.registerTool('watched', {}, () => { seen.push('handler'); return said('hello') })
  return server
}

t.test(
  'what a handler keeps in a variable outside is seen by all clients of an instance and of a factory',
  async (t) => {
    let calls = 0
    const make = (): V1McpServer => {
      const server = createV1()
      let own = 0
      server.registerTool('count', {}, () => said(`${++own} of ${++calls}`))
      return server
    }
    const countTwice = async (mountable: Mountable): Promise<string[]> => {
      const { app } = await createSdkApp(t, mountable)
      const results = [await app.inject(modernCall('count')), await app.inject(modernCall('count'))]
      return results.map((response) => response.json().result.content[0].text)
    }

    t.same(await countTwice(make()), ['1 of 1', '2 of 2'])
    t.same(await countTwice(make), ['1 of 3', '1 of 4'])
  }
)
