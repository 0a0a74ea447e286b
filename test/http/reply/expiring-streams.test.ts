import t, { type Test } from 'tap'
import mcpPlugin, { createMemoryEventStore, type AuthOptions, type McpMountOptions } from '../../../lib/index.ts'
import { createHost, createServer, initialize, JSON_AND_SSE, legacy, modern } from '../../support/app.ts'
import { partsOf } from '../../support/parts.ts'
import { collectFrames, createGate, frameOf, listen, openGet, readFrames, send, until } from '../../support/stream.ts'
import { createTalk, type Talk } from '../../support/talk.ts'

const STREAM = { accept: 'text/event-stream' }

// When the tokens of all requests expire, in milliseconds; tests come there by themselves.
const EXPIRY = 4_000_000_000_000
const auth: AuthOptions = { authenticate: () => ({ token: '', clientId: 'app', scopes: [], expiresAt: EXPIRY / 1000 }) }

/** An app that says nothing by itself. */
function createExpiring (t: Test, talk: Talk, options: Omit<McpMountOptions, 'server'> = {}) {
  return createTalk(t, talk, { keepAliveInterval: 0, auth, ...options })
}

t.test('the stream of a GET ends when its token expires, and not before', async (t) => {
  const { address, mount } = await createExpiring(t, () => ({}))
  const opened = await send(address, initialize())
  const response = await openGet(address, { 'mcp-session-id': String(opened.headers.get('mcp-session-id')) })
  const frames = readFrames(response)
  await frames.next()

  partsOf(mount).expiry?.sweep(EXPIRY - 1)
  t.equal(mount.stats().streams, 1)
  partsOf(mount).expiry?.sweep(EXPIRY)

  t.same(await frames.next(), { done: true, value: undefined })
  await until(() => mount.stats().streams === 0)
  t.equal(mount.stats().sessions, 1)
  t.equal(partsOf(mount).expiry?.size, 0)
})

t.test('subscriptions/listen ends with its result when its token expires', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server: createServer(), keepAliveInterval: 0, auth })
  const mount = app.mcp.get('Notes')
  const response = await send(
    await listen(app),
    modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { headers: STREAM })
  )
  const frames = readFrames(response)
  await frames.next()
  await frames.next()

  partsOf(mount).expiry?.sweep(EXPIRY)

  const rest: string[] = []
  for await (const frame of frames) rest.push(frame)
  t.equal(rest.length, 1)
  t.match(rest[0], /"result":\{/)
})

t.test('a reply that is a stream ends with an error when its token expires, and its call is aborted', async (t) => {
  const gone = createGate<Error>()
  const { address, mount } = await createExpiring(t, async (channel) => {
    channel.onDisconnect(gone.open)
    channel.notify('notifications/message', { level: 'info', data: 'begun' })
    await gone.promise
    return {}
  })
  const frames = readFrames(await send(address, modern('tools/call', { name: 'a' }, { headers: STREAM })))
  await frames.next()
  await frames.next()

  partsOf(mount).expiry?.sweep(EXPIRY)

  t.match(await gone.promise, { message: 'The access token has expired' })
  t.same(
    (await frames.next()).value,
    frameOf({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32603, message: 'The access token has expired; send the request again with a new one' }
    })
  )
  t.same(await frames.next(), { done: true, value: undefined })
  await until(() => mount.stats().exchanges === 0)
})

t.test('a call goes on if its client can resume with a new token', async (t) => {
  const gate = createGate()
  const { address, mount } = await createExpiring(t, async (channel) => {
    channel.notify('notifications/message', { level: 'info', data: 'begun' })
    await gate.promise
    return { content: [] }
  }, { eventStore: createMemoryEventStore() })
  const opened = await send(address, initialize())
  const session = { 'mcp-session-id': String(opened.headers.get('mcp-session-id')) }
  const response = await send(address, legacy('tools/call', {}, { headers: { ...session, ...JSON_AND_SSE } }))
  const reading = collectFrames(response)

  await until(() => true)
  partsOf(mount).expiry?.sweep(EXPIRY)
  const frames = await reading
  const lastEventId = /id: (\S+)/.exec(frames.at(-1) ?? '')?.[1] ?? ''
  gate.open()
  const rest = await collectFrames(await openGet(address, { ...session, 'last-event-id': lastEventId }))

  t.match(frames.at(-1), '"begun"')
  t.match(rest.at(-1), '"result":{"content":[]}')
})

t.test('a reply that is not a stream does not expire, nor does one that has ended', async (t) => {
  const gate = createGate()
  let begun = 0
  const { address, mount } = await createExpiring(t, async () => {
    begun++
    await gate.promise
    return { content: [] }
  })

  const answered = send(address, modern('tools/call', { name: 'a' }))
  await until(() => begun === 1)
  partsOf(mount).expiry?.sweep(EXPIRY)
  gate.open()

  t.match(await (await answered).json(), { result: { content: [] } })
})
