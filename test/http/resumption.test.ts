import { once } from 'node:events'
import t, { type Test } from 'tap'
import { createMemoryEventStore, type McpMountOptions } from '../../lib/index.ts'
import { JSON_AND_SSE, legacy, openSession } from '../support/app.ts'
import { collectFrames, createGate, frameOf, frameWithId, openGet, readFrames, send, sendAlone, until } from '../support/stream.ts'
import { createTalk, type Talk } from '../support/talk.ts'

const NOTE = (n: number): object => ({ jsonrpc: '2.0', method: 'notifications/message', params: { n } })
const DONE = { jsonrpc: '2.0', id: 1, result: { done: true } }

async function createResumable (t: Test, talk: Talk, options: Partial<McpMountOptions> = {}, revision?: string) {
  const talkApp = await createTalk(t, talk, { eventStore: createMemoryEventStore(), ...options })
  const headers = await openSession(talkApp.app, revision)
  const sessionId = headers['mcp-session-id']
  const call = legacy('work', {}, { headers: { ...JSON_AND_SSE, ...headers } })
  return { ...talkApp, headers, call, idOf: (seq: number, stream = 1) => `${sessionId}.${stream}.${seq}` }
}

t.test('each event of a reply has an id, and the stream of a 2025-11-25 client begins with a priming event', async (t) => {
  const { address, call, idOf } = await createResumable(
    t,
    (channel) => {
      channel.notify('notifications/message', { n: 1 })
      return { done: true }
    },
    { retryInterval: 300 }
  )

  const frames = await collectFrames(await send(address, call))

  t.same(frames, [': open', `id: ${idOf(0)}\nretry: 300\ndata: `, frameWithId(idOf(1), NOTE(1)), frameWithId(idOf(2), DONE)])
})

t.test('clients of earlier revisions get ids but no priming event, and closeStream does nothing', async (t) => {
  const { address, call, idOf } = await createResumable(
    t,
    (channel) => {
      channel.closeStream?.()
      channel.notify('notifications/message', { n: 1 })
      return { done: true }
    },
    {},
    '2025-06-18'
  )

  t.same(await collectFrames(await send(address, call)), [
    ': open', frameWithId(idOf(1), NOTE(1)), frameWithId(idOf(2), DONE)
  ])
})

t.test('a call whose connection was cut goes on, and its client gets the result after it resumes', async (t) => {
  const gate = createGate()
  let gone: Error | undefined
  const { address, call, headers, idOf, mount } = await createResumable(t, async (channel) => {
    channel.onDisconnect((reason) => { gone = reason })
    channel.notify('notifications/message', { n: 1 })
    await gate.promise
    return { done: true }
  })
  const sent = sendAlone(address, call)
  await once(sent, 'response')

  sent.destroy()
  gate.open()
  await until(() => mount.stats().exchanges === 0)
  const frames = await collectFrames(await openGet(address, { ...headers, 'last-event-id': idOf(0) }))

  t.equal(gone, undefined)
  t.same(frames, [': open', frameWithId(idOf(1), NOTE(1)), frameWithId(idOf(2), DONE)])
})

t.test('a client that resumes a running call receives each event once', async (t) => {
  const steps = [createGate(), createGate(), createGate()] as const
  const { address, call, headers, idOf, mount } = await createResumable(t, async (channel) => {
    for (const [index, step] of steps.entries()) {
      channel.notify('notifications/message', { n: index + 1 })
      await step.promise
    }
    return { done: true }
  })
  const sent = sendAlone(address, call)
  await once(sent, 'response')
  sent.destroy()

  steps[0].open()
  const frames = readFrames(await openGet(address, { ...headers, 'last-event-id': idOf(1) }))
  const early = [(await frames.next()).value, (await frames.next()).value]
  const during = mount.stats()
  steps[1].open()
  early.push((await frames.next()).value)
  steps[2].open()

  t.same(early, [': open', frameWithId(idOf(2), NOTE(2)), frameWithId(idOf(3), NOTE(3))])
  t.equal((await frames.next()).value, frameWithId(idOf(4), DONE))
  t.ok((await frames.next()).done)
  t.match(during, { streams: 0 }, 'it is a reply, not a stream that is listened to')
  await until(() => mount.stats().exchanges === 0)
})

t.test('a client that resumes a stream gets no events of another stream of its session', async (t) => {
  const { address, call, headers, idOf } = await createResumable(t, (channel, { params }) => {
    channel.notify('notifications/message', params)
    return { done: true }
  })
  for (const n of [1, 2]) {
    await collectFrames(
      await send(address, {
        ...call,
        payload: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'work', params: { n } })
      })
    )
  }

  const frames = await collectFrames(await openGet(address, { ...headers, 'last-event-id': idOf(0, 2) }))

  t.same(frames, [': open', frameWithId(idOf(1, 2), NOTE(2)), frameWithId(idOf(2, 2), DONE)])
})

t.test('a Last-Event-ID of another session gets 400', async (t) => {
  const { app, address, call, idOf } = await createResumable(t, (channel) => {
    channel.notify('notifications/message', {})
    return {}
  })
  await collectFrames(await send(address, call))

  const response = await openGet(address, { ...await openSession(app), 'last-event-id': idOf(0) })

  t.equal(response.status, 400)
})

t.test('closeStream ends the connection, and the client gets the other events after it resumes', async (t) => {
  const gate = createGate()
  const { address, call, headers, idOf } = await createResumable(t, async (channel) => {
    channel.closeStream?.()
    await gate.promise
    channel.notify('notifications/message', { n: 1 })
    return { done: true }
  })

  const first = await collectFrames(await send(address, call))
  gate.open()
  const rest = await collectFrames(await openGet(address, { ...headers, 'last-event-id': idOf(0) }))

  t.same(first, [': open', `id: ${idOf(0)}\ndata: `])
  t.same(rest, [': open', frameWithId(idOf(1), NOTE(1)), frameWithId(idOf(2), DONE)])
})

t.test('closeStream does nothing if the client cannot resume, or after the call has ended', async (t) => {
  const over = createGate<Error | undefined>()
  const { app, address } = await createTalk(t, (channel) => {
    channel.closeStream?.()
    setImmediate(() => { channel.closeStream?.(); over.open(undefined) })
    return { done: true }
  })
  const headers = await openSession(app)

  const response = await send(address, legacy('work', {}, { headers: { ...JSON_AND_SSE, ...headers } }))
  await over.promise

  t.same(await response.json(), DONE)
})

t.test('a call without a session is not resumable', async (t) => {
  const { address } = await createTalk(
    t,
    (channel) => {
      channel.closeStream?.()
      channel.notify('notifications/message', { n: 1 })
      return { done: true }
    },
    { stateless: true }
  )

  t.same(await collectFrames(await send(address, legacy('work', {}, { headers: JSON_AND_SSE }))), [
    ': open', frameOf(NOTE(1)), frameOf(DONE)
  ])
})

t.test('a long replay is sent only as fast as the client reads', async (t) => {
  const message = 'x'.repeat(100_000)
  const { address, call, headers, idOf, mount } = await createResumable(t, (channel) => {
    for (let n = 0; n < 100; n++) channel.notify('notifications/message', { n, message })
    return { done: true }
  }, { maxBuffered: 200_000 })
  const sent = sendAlone(address, call)
  await new Promise((resolve) => sent.once('close', resolve))
  await until(() => mount.stats().exchanges === 0)

  const frames = await collectFrames(await openGet(address, { ...headers, 'last-event-id': idOf(0) }))

  t.equal(frames.length, 102)
  t.equal(frames.at(-1), frameWithId(idOf(101), DONE))
})

t.test('every invalid Last-Event-ID gets 400, and the session goes on', async (t) => {
  const { app, address, call, headers, idOf } = await createResumable(t, (channel) => {
    channel.notify('notifications/message', { n: 1 })
    return { done: true }
  })
  const sessionId = String(headers['mcp-session-id'])
  const other = String((await openSession(app))['mcp-session-id'])
  await collectFrames(await send(address, call))
  const hostile = [
    `${other}.1.0`, `${sessionId.toUpperCase()}.1.0`, `${sessionId}.1`, `${sessionId}.1.0.0`, `${sessionId}..0`, `${sessionId}.1.-0`, `${sessionId}.1.+0`,
    `${sessionId}.1.0x0`, `${sessionId}.1.1e0`, `${sessionId}.1.${'9'.repeat(15)}`, `${sessionId}.1.${'9'.repeat(400)}`, `${sessionId}.*.0`, `${sessionId}.{1}.0`,
    `${sessionId}.1:1.0`, `${sessionId}.01.0`, `${sessionId}.__proto__.0`, `${sessionId}.1.\u00b2`, `${idOf(0)}, ${idOf(0)}`, `${other}.${idOf(0)}`
  ]

  for (const id of hostile) t.equal((await openGet(address, { ...headers, 'last-event-id': id })).status, 400, id)

  t.equal(
    (await collectFrames(await openGet(address, { ...headers, 'last-event-id': idOf(1) }))).at(-1),
    frameWithId(idOf(2), DONE)
  )
})
