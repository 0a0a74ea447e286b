import { once } from 'node:events'
import t, { type Test } from 'tap'
import { createMemoryEventStore, type McpMountOptions } from '../../../lib/index.ts'
import { JSON_AND_SSE, legacy, modern, openSession, post } from '../../support/app.ts'
import { collectFrames, createGate, openGet, readFrames, send, sendAlone, until } from '../../support/stream.ts'
import { createTalk } from '../../support/talk.ts'

const QUESTION = { method: 'elicitation/create', params: { message: 'Sure?' } } as const
const REFUSED = {
  jsonrpc: '2.0',
  id: 1,
  error: {
    code: -32600,
    message: 'elicitation/create cannot be sent: the client has no session, accepts no stream, or has left'
  }
}

/** An app whose every request asks; aborted is what became of its signal. */
async function createAsking (t: Test, options: Partial<McpMountOptions> = {}) {
  const aborted = createGate<Error>()
  const talkApp = await createTalk(t, async (channel, { params }) => {
    const controller = new AbortController()
    channel.onDisconnect((reason) => { controller.abort(reason); aborted.open(reason) })
    const answer = await channel.ask?.(QUESTION, Number(params.timeout ?? 0), controller.signal)
    return { answer }
  }, options)
  const headers = await openSession(talkApp.app)
  return {
    ...talkApp,
    headers,
    aborted: aborted.promise,
    call: legacy('work', {}, { headers: { ...JSON_AND_SSE, ...headers } })
  }
}

/** The messages of a stream as they come. */
async function * readMessages (response: Response): AsyncGenerator<Record<string, unknown>, void> {
  for await (const frame of readFrames(response)) {
    const json = /^data: (.+)$/m.exec(frame)?.[1]
    if (json !== undefined) yield JSON.parse(json)
  }
}

function answerTo (id: unknown, answer: object = { result: { action: 'accept' } }): object {
  return { jsonrpc: '2.0', id, ...answer }
}

t.test('a question comes on the stream of the reply, its answer is posted, and the call goes on with it', async (t) => {
  const { app, address, headers, call } = await createAsking(t)

  const messages = readMessages(await send(address, call))
  const question = (await messages.next()).value
  const accepted = await post(app, answerTo(question?.['id']), headers)

  t.same(question, { jsonrpc: '2.0', id: 'ask-1', ...QUESTION })
  t.equal(accepted.statusCode, 202)
  t.same((await messages.next()).value, { jsonrpc: '2.0', id: 1, result: { answer: { action: 'accept' } } })
})

t.test('answers that are unasked for, repeated, from another session or with a wrong id are ignored', async (t) => {
  const { app, address, headers, call } = await createAsking(t)
  const other = await openSession(app)

  const messages = readMessages(await send(address, call))
  await messages.next()
  const statuses = []
  for (const [id, session] of [['ask-1', other], ['ask-2', headers], [1, headers], ['', headers]] as const) {
    statuses.push((await post(app, answerTo(id, { result: { wrong: true } }), session)).statusCode)
  }
  for (const n of [1, 2]) statuses.push((await post(app, answerTo('ask-1', { result: { n } }), headers)).statusCode)

  t.same(statuses, [202, 202, 202, 202, 202, 202])
  t.match((await messages.next()).value, { result: { answer: { n: 1 } } })
})

t.test('a question that is answered with an error fails with that error', async (t) => {
  const { app, address, headers, call } = await createAsking(t)

  const messages = readMessages(await send(address, call))
  await messages.next()
  await post(app, answerTo('ask-1', { error: { code: -1, message: 'User rejected' } }), headers)

  t.same((await messages.next()).value, { jsonrpc: '2.0', id: 1, error: { code: -1, message: 'User rejected' } })
})

t.test('a question that is not answered in time is cancelled, and the call fails', async (t) => {
  const { address, headers } = await createAsking(t)

  const messages = readMessages(
    await send(address, legacy('work', { timeout: 1 }, { headers: { ...JSON_AND_SSE, ...headers } }))
  )

  t.match((await messages.next()).value, { id: 'ask-1' })
  t.match((await messages.next()).value, { method: 'notifications/cancelled', params: { requestId: 'ask-1' } })
  t.match((await messages.next()).value, {
    id: 1,
    error: { code: -32603, message: 'elicitation/create was not answered: no answer within 1 ms' }
  })
})

t.test('a client that disconnects while it is asked ends the call', async (t) => {
  const { address, aborted, call, mount } = await createAsking(t)
  const sent = sendAlone(address, call)
  await once(sent, 'response')

  sent.destroy()

  t.match(await aborted, new Error('The client closed the connection'))
  await until(() => mount.stats().exchanges === 0)
})

t.test('with an event store, a client that disconnects while it is asked can resume and answer', async (t) => {
  const { app, address, headers, call } = await createAsking(t, { eventStore: createMemoryEventStore() })
  const sent = sendAlone(address, call)
  await once(sent, 'response')
  sent.destroy()

  const messages = readMessages(await openGet(address, { ...headers, 'last-event-id': `${headers['mcp-session-id']}.1.0` }))
  const question = (await messages.next()).value
  await post(app, answerTo(question?.['id']), headers)

  t.match(question, { id: 'ask-1' })
  t.match((await messages.next()).value, { id: 1, result: { answer: { action: 'accept' } } })
})

t.test('if the reply cannot be a stream, the question is sent on the GET stream', async (t) => {
  const { app, address, headers, call } = await createAsking(t)
  const messages = readMessages(await openGet(address, headers))

  const sent = send(address, { ...call, headers: { ...call.headers, accept: 'application/json' } })
  const question = (await messages.next()).value
  await post(app, answerTo(question?.['id']), headers)

  t.match(question, { id: 'ask-1', ...QUESTION })
  t.same(await (await sent).json(), { jsonrpc: '2.0', id: 1, result: { answer: { action: 'accept' } } })
})

t.test('without any stream a question is refused at once', async (t) => {
  const { app, call } = await createAsking(t)

  const response = await app.inject({ ...call, headers: { ...call.headers, accept: 'application/json' } })

  t.same(response.json(), REFUSED)
})

t.test('with jsonResponse a question is refused', async (t) => {
  const { app, call } = await createAsking(t, { jsonResponse: true })

  t.same((await app.inject(call)).json(), REFUSED)
})

t.test('without a session, and in the modern era, a question is refused at once', async (t) => {
  const { app } = await createTalk(
    t,
    async (channel) => {
      await channel.ask?.(QUESTION, 0, new AbortController().signal)
    },
    { stateless: true }
  )

  for (const request of [legacy('work'), modern('work')]) t.match((await app.inject(request)).json(), REFUSED)
})

t.test('a question that is asked after the call was answered is refused', async (t) => {
  const refused = createGate<unknown>()
  const { app, address } = await createTalk(t, (channel) => {
    setImmediate(() => channel.ask?.(QUESTION, 0, new AbortController().signal).catch(refused.open))
    return {}
  })

  const response = await send(address, legacy('work', {}, { headers: { ...JSON_AND_SSE, ...await openSession(app) } }))

  t.match(await refused.promise, { message: REFUSED.error.message })
  t.same(await response.json(), { jsonrpc: '2.0', id: 1, result: {} })
})

t.test('a DELETE cancels open questions', async (t) => {
  const { app, address, headers, call, aborted } = await createAsking(t)
  const response = await send(address, call)

  await app.inject({ method: 'DELETE', url: '/mcp', headers })

  t.match(await aborted, new Error('The request was cancelled: the session was deleted'))
  t.notMatch((await collectFrames(response)).join(), '"result"')
})
