import { text as collect } from 'node:stream/consumers'
import t from 'tap'
import { SseStream } from '../../lib/http/reply/sse.ts'
import { LocalSupport } from '../../lib/session/local-support.ts'
import { Session } from '../../lib/session/session.ts'
import { createApp, legacy, modern, openSession } from '../support/app.ts'
import { collectFrames, frameOf, listen, send } from '../support/stream.ts'

const CLIENT = { capabilities: {} }

function createSession (now = 0): Session {
  return new Session({ protocolVersion: '2025-11-25', client: CLIENT }, now, new LocalSupport())
}

t.test('a session is idle once its last request has ended', async (t) => {
  const session = createSession(1000)

  const atFirst = [session.isIdleSince(999), session.isIdleSince(1000)]
  session.begin()
  session.begin()
  session.end(2000)
  const withOneOpen = session.isIdleSince(9999)
  session.end(3000)

  t.same(atFirst, [false, true])
  t.notOk(withOneOpen)
  t.same([session.isIdleSince(2999), session.isIdleSince(3000)], [false, true])
})

t.test('each session has an id of its own, of visible ASCII', async (t) => {
  const ids = new Set(Array.from({ length: 100 }, () => createSession().sessionId))

  t.equal(ids.size, 100)
  for (const id of ids) t.match(id, /^[\x21-\x7e]+$/)
})

/** Creates requests that record the reason of their cancellation. */
function createRequests () {
  const reasons: string[] = []
  const create = (name: string): { isOver: boolean; cancel(reason: string): void } => ({
    isOver: false,
    cancel: (reason) => { reasons.push(`${name} ${reason}`) }
  })
  return { reasons, create }
}

t.test('the end of a session cancels all of its requests', async (t) => {
  const session = createSession()
  const { reasons, create } = createRequests()
  const [a, one, b, c, d] = [create('a'), create('1'), create('b'), create('c'), create('d')]
  session.begin('a', a)
  session.begin(1, one)
  session.begin('b', b)
  session.begin('c', c)
  const question = session.questions.ask(
    { send () {} },
    { method: 'roots/list', params: {} },
    { timeout: 0, signal: new AbortController().signal }
  )
  const listening = session.streams.listen()

  session.cancel('a', 'enough')
  session.cancel('b', 'enough')
  session.cancel('1', 'not that one')
  session.end(0, 'a', a)
  session.cancel('a', 'too late')
  session.end(0, 'b', b)
  session.cancel('b', 'too late')
  session.begin('d', d)
  const again = session.streams.listen()
  session.close('closed')

  t.same(reasons, ['a enough', 'b enough', 'd closed', '1 closed', 'c closed'])
  t.equal(again, listening, 'one stream for all GETs')
  await t.rejects(question, new Error('The session has ended'))
  t.equal(session.listening, undefined)
})

t.test('a request is cancelled only if no other request with its id waits for an answer', async (t) => {
  const session = createSession()
  const { reasons, create } = createRequests()
  const [a, b, c] = [create('a'), create('b'), create('c')]
  for (const running of [a, b, c]) session.begin(1, running)

  const wereSeveral = [session.cancel(1, 'of three')]
  session.end(0, 1, a)
  wereSeveral.push(session.cancel(1, 'of two'))
  b.isOver = true
  wereSeveral.push(session.cancel(1, 'of one'))
  c.isOver = true
  wereSeveral.push(session.cancel(1, 'of none'))
  session.end(0, 1, b)
  session.end(0, 1, c)
  session.close('closed')

  t.same(reasons, ['c of one'])
  t.same(wereSeveral, [true, true, false, false])
})

t.test('the end of a request does not affect others with the same id', async (t) => {
  const session = createSession()
  const { reasons, create } = createRequests()
  const [a, b, c] = [create('a'), create('b'), create('c')]
  session.begin(1, a)
  session.begin(1, b)
  session.end(0, 1, b)
  session.begin(1, c)
  session.end(0, 1, c)

  session.cancel(1, 'enough')

  t.same(reasons, ['a enough'])
})

t.test('a session knows the resources that its client is subscribed to', async (t) => {
  const session = createSession()

  const before = session.subscriptions.has('notes://1')
  session.subscriptions.add('notes://1')

  t.notOk(before)
  t.ok(session.subscriptions.has('notes://1'))
  t.notOk(session.subscriptions.has('notes://2'))
  t.same([...session.watched], ['notes://1'])
})

t.test('an answer to a session that never asked is ignored', async (t) => {
  const session = createSession()

  session.answer('ask-1', { result: {} })
  session.close('closed')

  t.notOk(session.hasStreamed)
})

t.test('notifications of a session are sent on the GET stream', async (t) => {
  const session = createSession()
  const stream = new SseStream(1024)
  const text = collect(stream)

  session.notify('notifications/message', { data: 'lost' })
  session.closeListening()
  session.streams.listen().attach(stream)
  session.notify('notifications/message', { data: 'heard' })
  session.close('it is over')

  t.equal(
    await text,
    `: open\n\n${frameOf({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'heard' } })}\n\n`
  )
})

t.test('the replies of a session that are streams end with the session', async (t) => {
  const session = createSession()
  const stream = new SseStream(1024)
  const text = collect(stream)
  session.streams.openReply([1]).attach(stream)

  session.close('it is over')

  t.equal(await text, ': open\n\n')
})

t.test(
  'a question goes on the GET stream if its reply cannot carry it',
  (t) => {
    const session = createSession()
    const stream = new SseStream(1024)

    t.equal(session.streams.questionSink, undefined)
    session.streams.listen().attach(stream)
    t.equal(session.streams.questionSink, session.listening)
    session.listening?.detach(stream)
    t.equal(session.streams.questionSink, undefined)
    t.end()
  }
)

t.test('a question waits until the client has opened the GET stream', async (t) => {
  const session = createSession()
  const stream = new SseStream(1024)
  const { signal } = new AbortController()
  const answers = [
    session.ask({ method: 'ping', params: {} }, 0, signal),
    session.ask({ method: 'roots/list', params: {} }, 0, signal)
  ]

  session.streams.opened()
  const early = session.questions.size
  session.streams.listen().attach(stream)
  session.streams.opened()
  await new Promise(setImmediate)
  session.answer('ask-1', { result: {} })
  session.answer('ask-2', { result: { roots: [] } })

  t.equal(early, 0, 'a stream that nobody reads is none')
  t.same(await Promise.all(answers), [{}, { roots: [] }])
})

t.test('a question is not sent if its signal is aborted while it waits for the GET stream', async (t) => {
  const session = createSession()
  const controller = new AbortController()
  const waiting = session.ask({ method: 'ping', params: {} }, 0, controller.signal)

  controller.abort()

  await t.rejects(waiting, new Error('ping was not answered: the call has ended'))
  await t.rejects(
    session.ask({ method: 'ping', params: {} }, 0, controller.signal),
    new Error('ping was not answered: the call has ended')
  )
})

t.test('a question that waits for the GET stream is rejected when the session ends', async (t) => {
  const session = createSession()
  const { signal } = new AbortController()
  const waiting = session.ask({ method: 'ping', params: {} }, 0, signal)

  session.close('closed')

  await t.rejects(waiting, new Error('The session has ended'))
  await t.rejects(session.ask({ method: 'ping', params: {} }, 0, signal), new Error('The session has ended'))
})

t.test('a legacy client gets all log messages until it sets a level for its session', async (t) => {
  const { app, server } = await createApp(t)
  server.registerTool('report', {}, async (_args, ctx) => {
    await ctx.debug('detail')
    await ctx.error('failure')
    return 'done'
  })
  const address = await listen(app)
  const quiet = await openSession(app)
  const loud = await openSession(app)

  const level = await app.inject(legacy('logging/setLevel', { level: 'error' }, { headers: quiet }))
  const framesOf = async (session: object): Promise<string[]> =>
    collectFrames(
      await send(
        address,
        legacy(
          'tools/call',
          { name: 'report' },
          {
            headers: { accept: 'application/json, text/event-stream', ...session }
          }
        )
      )
    )

  const detail = frameOf({
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level: 'debug', data: 'detail' }
  })
  const failure = frameOf({
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level: 'error', data: 'failure' }
  })
  const done = frameOf({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'done' }] } })
  t.same(level.json(), { jsonrpc: '2.0', id: 1, result: {} })
  t.same(await framesOf(quiet), [': open', failure, done])
  t.same(await framesOf(loud), [': open', detail, failure, done])
})

t.test('handlers see the session of a legacy client and none of a modern one', async (t) => {
  const { app, server } = await createApp(t)
  server.registerTool('who', {}, (_args, { sessionId, protocolVersion, era, client }) =>
    JSON.stringify({ sessionId, protocolVersion, era, client })
  )
  const session = await openSession(app, '2025-06-18')

  const fromLegacy = await app.inject(legacy('tools/call', { name: 'who' }, { headers: session }))
  const fromModern = await app.inject(modern('tools/call', { name: 'who' }, { headers: session }))

  t.same(JSON.parse(fromLegacy.json().result.content[0].text), {
    sessionId: session['mcp-session-id'],
    protocolVersion: '2025-06-18',
    era: 'legacy',
    client: { info: { name: 'test', version: '1' }, capabilities: {} }
  })
  t.same(JSON.parse(fromModern.json().result.content[0].text), {
    protocolVersion: '2026-07-28',
    era: 'modern',
    client: { capabilities: {} }
  })
})
