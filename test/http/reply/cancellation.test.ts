import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { McpMountOptions } from '../../../lib/index.ts'
import type { Channel } from '../../../lib/server/call/incoming.ts'
import { createApp, JSON_AND_SSE, legacy, modern, openSession, post } from '../../support/app.ts'
import { collectFrames, createGate, listen, send, sendAlone, until } from '../../support/stream.ts'
import { createTalk } from '../../support/talk.ts'

async function createWaiting (t: Test, options: Partial<McpMountOptions> = {}) {
  const started = createGate<Channel>()
  const gone = createGate<Error>()
  const finish = createGate()
  const talkApp = await createTalk(t, async (channel, { params }) => {
    channel.onDisconnect((reason) => gone.open(reason))
    if (params.notifies === true) channel.notify('notifications/message', {})
    started.open(channel)
    await finish.promise
    return { done: true }
  }, options)
  return { ...talkApp, started: started.promise, gone: gone.promise, finish: finish.open }
}

function cancelled (requestId: unknown, reason?: unknown): object {
  return { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId, reason } }
}

t.test('a cancelled call aborts with the reason, gets no answer, and its POST ends', async (t) => {
  const { app, address, started, gone, finish, mount } = await createWaiting(t)
  const headers = await openSession(app)
  const sent = send(address, legacy('work', {}, { id: 'x', headers: { ...JSON_AND_SSE, ...headers } }))
  const channel = await started

  const accepted = await post(app, cancelled('x', 'no longer needed'), headers)
  const response = await sent
  channel.notify('notifications/message', {})
  finish()

  t.equal(accepted.statusCode, 202)
  t.match(await gone, new Error('The request was cancelled: no longer needed'))
  t.equal(response.status, 202)
  t.equal(await response.text(), '')
  t.equal(mount.stats().exchanges, 0)
})

t.test('a cancelled call that has a stream ends it without a result', async (t) => {
  const { app, address, started, gone, finish } = await createWaiting(t)
  const headers = await openSession(app)
  const response = await send(address, legacy('work', { notifies: true }, { headers: { ...JSON_AND_SSE, ...headers } }))
  const channel = await started

  await post(app, cancelled(1), headers)
  channel.notify('notifications/message', { late: true })
  finish()

  t.match(await gone, new Error('The request was cancelled: the client gave no reason'))
  t.equal((await collectFrames(response)).length, 2)
})

t.test('ctx.signal has the reason', async (t) => {
  const { app, server } = await createApp(t)
  const started = createGate()
  const aborted = createGate<unknown>()
  server.registerTool('wait', {}, async (_args, { signal }) => {
    started.open()
    await once(signal, 'abort')
    aborted.open(signal.reason)
    return 'late'
  })
  const address = await listen(app)
  const headers = await openSession(app)
  const sent = send(address, legacy('tools/call', { name: 'wait' }, { headers }))
  await started.promise

  await post(app, cancelled(1, 'enough'), headers)

  t.match(await aborted.promise, new Error('The request was cancelled: enough'))
  t.equal((await sent).status, 202)
})

t.test('cancellations of unknown requests, of other sessions and of invalid ids are ignored', async (t) => {
  const { app, address, started, finish } = await createWaiting(t)
  const headers = await openSession(app)
  const other = await openSession(app)
  const sent = send(address, legacy('work', {}, { headers }))
  await started

  for (const id of [2, '1', null, undefined, {}, { toString: 1 }, '__proto__']) {
    t.equal((await post(app, cancelled(id, { toString: 1 }), headers)).statusCode, 202)
  }
  t.equal((await post(app, cancelled(1), other)).statusCode, 202)
  finish()

  t.same(await (await sent).json(), { jsonrpc: '2.0', id: 1, result: { done: true } })
  t.equal((await post(app, cancelled(1, 'too late'), headers)).statusCode, 202)
})

t.test('a reason that is not a string is ignored', async (t) => {
  const { app, address, started, gone } = await createWaiting(t)
  const headers = await openSession(app)
  const sent = send(address, legacy('work', {}, { headers }))
  await started

  await post(app, cancelled(1, { toString: 1 }), headers)

  t.match(await gone, new Error('The request was cancelled: the client gave no reason'))
  t.equal((await sent).status, 202)
})

t.test('a batch goes on when one of its requests is cancelled', async (t) => {
  const { app, address, started, finish } = await createWaiting(t)
  const headers = await openSession(app, '2025-03-26')
  const sent = send(address, {
    ...legacy('work', {}, { headers }),
    payload: JSON.stringify([{ jsonrpc: '2.0', id: 1, method: 'work' }])
  })
  await started

  await post(app, cancelled(1), headers)
  finish()

  t.same(await (await sent).json(), [{ jsonrpc: '2.0', id: 1, result: { done: true } }])
})

t.test('a DELETE cancels what runs in the session, and nothing of another one', async (t) => {
  const { app, address, started, gone, finish } = await createWaiting(t)
  const headers = await openSession(app)
  const sent = send(address, legacy('work', {}, { headers }))
  await started
  const other = send(address, legacy('work', {}, { headers: await openSession(app) }))

  await app.inject({ method: 'DELETE', url: '/mcp', headers })

  t.match(await gone, new Error('The request was cancelled: the session was deleted'))
  t.equal((await sent).status, 202)
  finish()
  t.same(await (await other).json(), { jsonrpc: '2.0', id: 1, result: { done: true } })
})

for (const era of ['modern', 'legacy'] as const) {
  t.test(`a ${era} client that closes its stream cancels the call`, async (t) => {
    const { app, address, started, gone } = await createWaiting(t)
    const request =
      era === 'modern'
        ? modern('work', { notifies: true }, { headers: JSON_AND_SSE })
        : legacy('work', { notifies: true }, { headers: { ...JSON_AND_SSE, ...(await openSession(app)) } })
    const sent = sendAlone(address, request)
    await started
    await once(sent, 'response')

    sent.destroy()

    t.match(await gone, new Error('The client closed the connection'))
  })
}

t.test('500 streams opened and dropped in the middle of an event leave nothing behind', async (t) => {
  const { address, mount } = await createTalk(t, async (channel) => {
    const gone = createGate()
    channel.onDisconnect(() => gone.open())
    channel.notify('notifications/message', { text: 'x'.repeat(500_000) })
    await gone.promise
    return {}
  })

  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 50 }, async () => {
      const sent = sendAlone(address, modern('work', {}, { headers: JSON_AND_SSE }))
      const [response] = await once(sent, 'response')
      await once(response, 'data')
      sent.destroy()
    }))
  }
  await until(() => mount.stats().exchanges === 0)

  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('a handler that awaits drained() waits until its client reads', async (t) => {
  let produced = 0
  const held = createGate()
  const { address, mount, logLines } = await createTalk(t, async (channel) => {
    for (let n = 0; n < 300; n++) {
      channel.notify('notifications/message', { text: 'x'.repeat(100_000) })
      produced++
      const drained = channel.drained?.()
      if (await Promise.race([drained, new Promise((resolve) => setImmediate(resolve, 'held'))]) === 'held') held.open()
      await drained
    }
    return { done: true }
  }, { maxBuffered: 300_000 })
  const response = await send(address, modern('work', {}, { headers: JSON_AND_SSE }))

  await held.promise
  const before = produced
  const frames = (await collectFrames(response)).length

  t.ok(before < 300)
  t.equal(frames, 302)
  t.notOk(logLines.some(({ level }) => level === 40))
  await until(() => mount.stats().exchanges === 0)
})
