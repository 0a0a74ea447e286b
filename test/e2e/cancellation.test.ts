// Calls that their clients give up: in the middle of the work, and while the user is asked.
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, Type, type Mount } from '../../lib/index.ts'
import { createGate, until } from '../stream.ts'
import { clientKinds, v1, v2Legacy, type Answering, type ClientKind, type OfficialClient } from './clients.ts'

const Consent = Type.Object({ agreed: Type.Boolean() })

/** A client of a server that works until it is stopped, or asks its user. */
interface Stage {
  readonly client: OfficialClient
  readonly mount: Mount
  /** The signals of the calls that have begun, a call of several rounds with one of each. */
  readonly signals: readonly AbortSignal[]
  /** Comes when a call has begun to work. */
  readonly started: Promise<void>
  /** Comes when the user is asked, who says nothing until the test has them agree. */
  readonly asked: Promise<void>
  readonly agree: () => void
}

async function setUp (t: Test, kind: ClientKind): Promise<Stage> {
  const signals: AbortSignal[] = []
  const started = createGate<void>()
  const asked = createGate<void>()
  const agreed = createGate<void>()
  const server = new McpServer({ name: 'Slow', version: '1.0.0' })
  server.registerTool('here', {}, () => 'yes')
  server.registerTool('work', {}, async (_args, { signal }) => {
    signals.push(signal)
    started.open()
    await aborted(signal)
    return 'stopped'
  })
  server.registerTool('ask', {}, async (_args, ctx) => {
    signals.push(ctx.signal)
    return (await ctx.elicit('Do you agree?', Consent)).action
  })
  const answering: Answering = {
    async elicit () {
      asked.open()
      await agreed.promise
      return { action: 'accept', content: { agreed: true } }
    }
  }

  // After a request that was aborted, fetch opens a connection ahead of need, which no server takes for idle.
  const app = Fastify({ forceCloseConnections: true })
  app.register(mcpPlugin, { server })
  t.teardown(() => app.close())
  await app.listen({ port: 0 })
  const mount = app.mcp.get('Slow')
  const client = await kind.connect(mount.url, 'slow', answering)
  t.teardown(() => client.close())
  return { client, mount, signals, started: started.promise, asked: asked.promise, agree: agreed.open }
}

async function aborted (signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined || signal.aborted) return
  await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }) })
}

function deleteSession (mount: Mount, sessionId = ''): Promise<Response> {
  return fetch(mount.url, { method: 'DELETE', headers: { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' } })
}

// What a client had on its way when it left may arrive later.
async function untilNothingIsLeft (mount: Mount): Promise<void> {
  await until(() => Object.values(mount.stats()).every((count) => count === 0))
}

for (const kind of clientKinds) {
  t.test(`${kind.title} gives up a call, whose signal is aborted, and goes on with others`, async (t) => {
    const { client, mount, signals, started } = await setUp(t, kind)
    const controller = new AbortController()
    const call = client.callTool('work', {}, { signal: controller.signal })
    const rejected = t.rejects(call, /enough/)
    await started

    controller.abort('enough')

    await rejected
    await aborted(signals[0])
    t.match(signals[0]?.reason, kind.era === 'legacy' ? /^Error: The request was cancelled: .*enough/ : /^Error: The client closed the connection$/)
    await until(() => mount.stats().exchanges === 0)
    t.match(await client.callTool('here'), { content: [{ text: 'yes' }] })
  })

  t.test(`${kind.title} gives up one of two calls, and the other one goes on`, async (t) => {
    const { client, mount, signals } = await setUp(t, kind)
    const [first, second] = [new AbortController(), new AbortController()]
    const rejected = t.rejects(client.callTool('work', {}, { signal: first.signal }), /first/)
    await until(() => signals.length === 1)
    const lasting = t.rejects(client.callTool('work', {}, { signal: second.signal }), /second/)
    await until(() => signals.length === 2)

    first.abort('first')

    await Promise.all([rejected, aborted(signals[0])])
    t.equal(signals[1]?.aborted, false)
    second.abort('second')
    await Promise.all([lasting, aborted(signals[1])])
    await until(() => mount.stats().exchanges === 0)
  })

  t.test(`${kind.title} gives up a call while its user is asked, and an answer that comes all the same does not continue it`, async (t) => {
    const { client, mount, signals, asked, agree } = await setUp(t, kind)
    const controller = new AbortController()
    const rejected = t.rejects(client.callTool('ask', {}, { signal: controller.signal }), /enough/)
    await asked

    controller.abort('enough')
    // A modern call has ended by asking, so that there is nothing to abort.
    if (kind.era === 'legacy') await aborted(signals[0])
    agree()

    await rejected
    await until(() => mount.stats().exchanges === 0)
    t.match(await client.callTool('here'), { content: [{ text: 'yes' }] })
    t.equal(signals.length, 1)
  })

  t.test(`${kind.title} vanishes in the middle of a call, whose signal is aborted, and leaves nothing behind`, async (t) => {
    const { client, mount, signals, started } = await setUp(t, kind)
    const { sessionId } = client
    const rejected = t.rejects(client.callTool('work'), /closed|aborted/i)
    await started

    await client.close()

    await Promise.all([rejected, aborted(signals[0])])
    t.match(signals[0]?.reason, new Error('The client closed the connection'))
    // A session outlasts its connections.
    if (kind.era === 'legacy') await deleteSession(mount, sessionId)
    await untilNothingIsLeft(mount)
  })

  t.test(`${kind.title} vanishes while its user is asked and leaves nothing behind`, async (t) => {
    const { client, mount, signals, asked, agree } = await setUp(t, kind)
    const { sessionId } = client
    const rejected = t.rejects(client.callTool('ask'), /closed|not connected/i)
    await asked
    t.equal(mount.stats().exchanges, kind.era === 'legacy' ? 1 : 0, 'only a legacy call is open while the user is asked')

    await client.close()
    agree()

    await rejected
    if (kind.era === 'legacy') {
      await aborted(signals[0])
      t.match(signals[0]?.reason, new Error('The client closed the connection'))
      await deleteSession(mount, sessionId)
    }
    await untilNothingIsLeft(mount)
    t.equal(signals.length, 1)
  })
}

for (const kind of [v1, v2Legacy]) {
  t.test(`${kind.title} ends its session while its user is asked, and the call ends with it`, async (t) => {
    const { client, mount, signals, asked } = await setUp(t, kind)
    const rejected = t.rejects(client.callTool('ask'), /closed|aborted/i)
    await asked

    await client.terminateSession()

    await aborted(signals[0])
    t.match(signals[0]?.reason, new Error('The request was cancelled: the session was deleted'))
    await untilNothingIsLeft(mount)
    await client.close()
    await rejected
  })
}
