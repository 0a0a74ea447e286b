// Each kind of definition passes the contract, and each check of the contract fails for a faulty definition.
import { once } from 'node:events'
import Fastify from 'fastify'
import t from 'tap'
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as V2McpServer } from '@modelcontextprotocol/server'
import { definitionContract, type DefinitionSubject } from '../../lib/contracts/index.ts'
import { compose } from '../../lib/compose/composition.ts'
import mcpPlugin, {
  ErrorCode, McpServer, RpcError, type ChangeEvent, type Channel, type Incoming, type Params, type ServerDefinition
} from '../../lib/index.ts'
import { resolveDefinition } from '../../lib/sdk/recognise.ts'
import { runContracts } from '../support/contract.ts'
import { said } from '../support/sdk-servers.ts'
import { proveFaults } from './faults.ts'

const INFO = { name: 'Contract', version: '1.0.0' }
const TOOLS = { whoami: 'whoami', report: 'report', wait: 'wait' }

/** Counts the calls that wait until their signal is aborted. */
class Waits {
  #count = 0

  readonly waiting = (): number => this.#count

  async run (signal: AbortSignal): Promise<void> {
    this.#count++
    if (!signal.aborted) await once(signal, 'abort')
    this.#count--
  }
}

function createNative (): DefinitionSubject {
  const waits = new Waits()
  const definition = new McpServer(INFO)
  definition.registerTool('whoami', {}, (_args, { auth }) => String(auth?.clientId))
  definition.registerTool('report', {}, async (_args, ctx) => { await ctx.reportProgress(1); return 'reported' })
  definition.registerTool('wait', {}, async (_args, { signal }) => { await waits.run(signal); return 'aborted' })
  let added = 0
  const change = (): void => { definition.registerTool(`tool-${++added}`, {}, () => 'added') }
  return { ...TOOLS, definition, waiting: waits.waiting, change }
}

function createV1 (waits: Waits): V1McpServer {
  const server = new V1McpServer(INFO)
  server.registerTool('whoami', {}, ({ authInfo }) => said(String(authInfo?.clientId)))
  server.registerTool('report', {}, async ({ sendNotification, _meta: { progressToken = '' } = {} }) => {
    await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } })
    return said('reported')
  })
  server.registerTool('wait', {}, async ({ signal }) => { await waits.run(signal); return said('aborted') })
  return server
}

function createV2 (waits: Waits): V2McpServer {
  const server = new V2McpServer(INFO)
  server.registerTool('whoami', {}, (ctx) => said(String(ctx.http?.authInfo?.clientId)))
  server.registerTool('report', {}, async ({ mcpReq: { notify, _meta: { progressToken = '' } = {} } }) => {
    await notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } })
    return said('reported')
  })
  server.registerTool('wait', {}, async ({ mcpReq: { signal } }) => { await waits.run(signal); return said('aborted') })
  return server
}

function createInstance (): DefinitionSubject {
  const waits = new Waits()
  const server = createV1(waits)
  const change = (): void => server.sendToolListChanged()
  return { ...TOOLS, definition: resolveDefinition(server), waiting: waits.waiting, change }
}

function createMade (create: (waits: Waits) => unknown): DefinitionSubject {
  const waits = new Waits()
  return { ...TOOLS, definition: resolveDefinition(create(waits)), waiting: waits.waiting }
}

/** A definition that uses nothing of this package. */
function createOwn (): DefinitionSubject {
  const waits = new Waits()
  const listeners = new Set<(event: ChangeEvent) => void>()
  const definition: ServerDefinition = {
    info: INFO,
    async serve (incoming) {
      const { era } = incoming.caller
      return { ...await answer(incoming, waits), ...(era === 'modern' && { resultType: 'complete' }) }
    },
    enter: async () => ({ value: undefined, close () {} }),
    onChange (listener) {
      const own = (event: ChangeEvent): void => listener(event)
      listeners.add(own)
      return () => { listeners.delete(own) }
    },
    notified () {},
    ended () {}
  }
  const change = (): void => { for (const listener of listeners) listener({ kind: 'tools' }) }
  return { ...TOOLS, definition, waiting: waits.waiting, change }
}

async function answer ({ message, caller, channel }: Incoming, waits: Waits): Promise<object> {
  const { era, protocolVersion } = caller
  const { method, params } = message
  const capabilities = { tools: { listChanged: true } }
  const inputSchema = { type: 'object' }
  switch (`${era} ${method}`) {
    case 'legacy initialize': return { protocolVersion, capabilities, serverInfo: INFO }
    case 'modern server/discover': return { supportedVersions: [protocolVersion], capabilities }
    case 'legacy tools/list':
    case 'modern tools/list': return { tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema })) }
    case 'legacy tools/call':
    case 'modern tools/call': return await callTool(params, channel, waits)
    default: throw new RpcError(ErrorCode.MethodNotFound, `Method not found: ${method}`)
  }
}

async function callTool ({ name, _meta }: Params, channel: Channel, waits: Waits): Promise<object> {
  switch (name) {
    case 'whoami': return said(String(channel.auth?.clientId))
    case 'report':
      channel.notify('notifications/progress', { progressToken: _meta?.progressToken, progress: 1 })
      return said('reported')
    case 'wait': {
      const controller = new AbortController()
      channel.onDisconnect((reason) => controller.abort(reason))
      await waits.run(controller.signal)
      return said('aborted')
    }
    default: throw new RpcError(ErrorCode.InvalidParams, `Unknown tool: ${String(name)}`)
  }
}

/** Routes of an app. The app is ready, and closed when the process ends: nothing keeps it running. */
async function createRoutes (): Promise<DefinitionSubject> {
  const waits = new Waits()
  const app = Fastify()
  app.get('/whoami', { config: { mcp: { name: 'whoami' } } }, async ({ mcp }) => String(mcp?.auth?.clientId))
  app.get('/report', { config: { mcp: { name: 'report' } } }, async ({ mcp }) => {
    await mcp?.reportProgress(1)
    return 'reported'
  })
  app.post('/wait', { config: { mcp: { name: 'wait' } } }, async ({ mcp }) => {
    if (mcp !== undefined) await waits.run(mcp.signal)
    return 'aborted'
  })
  await app.register(mcpPlugin, { expose: { name: INFO.name, version: INFO.version } })
  await app.ready()
  return { ...TOOLS, definition: app.mcp.get(INFO.name).definition, waiting: waits.waiting }
}

/** Composes a server that knows its callers with one that has the other tools. */
function createComposed (
  main: ServerDefinition, { definition: other, ...subject }: DefinitionSubject
): DefinitionSubject {
  const member = { definition: other, owns: ({ params: { name } }: { params: Params }) => name !== TOOLS.whoami }
  return { ...subject, definition: compose(main, member) }
}

function createWhoami (): McpServer {
  const server = new McpServer(INFO)
  server.registerTool('whoami', {}, (_args, { auth }) => String(auth?.clientId))
  return server
}

const kinds: Readonly<Record<string, () => DefinitionSubject | Promise<DefinitionSubject>>> = {
  'an McpServer': createNative,
  'an SDK v1 instance': createInstance,
  'a factory of SDK v1 servers': () => createMade((waits) => () => createV1(waits)),
  'a factory of SDK v2 servers': () => createMade((waits) => () => createV2(waits)),
  'an SDK v2 handler': () => createMade((waits) => createMcpHandler(() => createV2(waits))),
  "a definition of one's own": createOwn,
  'the routes of an app': createRoutes,
  'an McpServer composed with another': () => createComposed(createWhoami(), createNative()),
  'an McpServer composed with routes': async () => createComposed(createWhoami(), await createRoutes()),
  'an SDK v1 instance composed with routes': async () => (
    createComposed(resolveDefinition(createV1(new Waits())), await createRoutes())
  ),
  'a factory of SDK v2 servers composed with an McpServer': () => (
    createComposed(resolveDefinition(() => createV2(new Waits())), createNative())
  )
}

for (const [kind, create] of Object.entries(kinds)) {
  t.test(`${kind} passes the contract of definitions`, (t) => runContracts(t, definitionContract(create)))
}

type Serve = ServerDefinition['serve']

/** Changes what a definition resolves to. */
function changeOutcome (serve: Serve, change: (result: object) => object | string): Pick<ServerDefinition, 'serve'> {
  // The correct definition resolves to objects only.
  return { serve: async (incoming) => change(await serve(incoming) as object) }
}

/** Changes what a definition rejects with. */
function changeFailure (serve: Serve, change: (error: Error) => object): Pick<ServerDefinition, 'serve'> {
  return { serve: async (incoming) => await serve(incoming).catch(change) }
}

/** Changes the channel of each request. */
function changeChannel (serve: Serve, change: (channel: Channel) => Partial<Channel>): Pick<ServerDefinition, 'serve'> {
  return { serve: ({ channel, ...incoming }) => serve({ ...incoming, channel: { ...channel, ...change(channel) } }) }
}

/** Serves until a condition is met, and then rejects every request. */
function serveUntil (serve: Serve, isOver: () => boolean): Serve {
  return async (incoming) => {
    if (isOver()) throw new RpcError(ErrorCode.InternalError, 'closed')
    return await serve(incoming)
  }
}

/** Each fault, as a function that returns the faulty members of a correct definition. */
const FAULTS: Readonly<Record<string, (right: ServerDefinition) => Partial<ServerDefinition>>> = {
  'its info names another server': () => ({ info: { name: 'Other', version: '1.0.0' } }),
  'it lists no tools': ({ serve }) => changeOutcome(serve, (result) => ({ ...result, tools: [] })),
  'modern results have no resultType': ({ serve }) => (
    changeOutcome(serve, (result) => ({ ...result, resultType: undefined }))
  ),
  'it answers unknown methods': ({ serve }) => changeFailure(serve, () => ({})),
  'it throws errors that are not RpcErrors': ({ serve }) =>
    changeFailure(serve, ({ message }) => { throw new Error(message) }),
  'it resolves to JSON for every channel': ({ serve }) => changeOutcome(serve, (result) => JSON.stringify(result)),
  'it ignores that its client has disconnected': ({ serve }) => changeChannel(serve, () => ({ onDisconnect () {} })),
  'it uses the auth of its first caller for all': ({ serve }) => {
    let first: Channel | undefined
    return changeChannel(serve, (channel) => ({ auth: (first ??= channel).auth }))
  },
  'it sends all notifications to its first client': ({ serve }) => {
    let first: Channel | undefined
    return changeChannel(serve, (channel) => ({ notify: (first ??= channel).notify }))
  },
  'a listener is not removed': ({ onChange }) => ({ onChange (listener) { onChange?.(listener); return () => {} } }),
  'it stops serving when one mount closes': ({ serve }) => {
    let isOver = false
    const enter = async () => ({ value: undefined, close () { isOver = true } })
    return { enter, serve: serveUntil(serve, () => isOver) }
  },
  'it throws if it does not know a notification': () => ({
    notified ({ message: { method } }) { if (method === 'no/such') throw new Error(method) }
  }),
  'it stops serving when one session ends': ({ serve }) => {
    let isOver = false
    return { ended () { isOver = true }, serve: serveUntil(serve, () => isOver) }
  }
}

t.test('each check of the definition contract fails for a definition with the fault that it looks for', async (t) => {
  await proveFaults(t, {
    'its info names another server': ['a client of each era learns what the server is and can do'],
    'it lists no tools': ['tools are listed and called in both eras'],
    'modern results have no resultType': ['the results of modern clients say that they are complete'],
    'it answers unknown methods': ['a method that the server does not have in an era is refused with -32601'],
    'it throws errors that are not RpcErrors': [
      'a request that cannot be served gets a result or an RpcError'
    ],
    'it resolves to JSON for every channel': ['a result is an object if the channel does not take JSON'],
    'it ignores that its client has disconnected': ['a call is aborted when its client disconnects'],
    'it uses the auth of its first caller for all': ['concurrent calls of several callers are kept apart'],
    'it sends all notifications to its first client': [
      'a notification goes to the client of its request, ahead of the result'
    ],
    'a listener is not removed': ['a change reaches each listener until the listener is removed'],
    'it stops serving when one mount closes': ['a mount that closes does not affect other mounts'],
    'it throws if it does not know a notification': ['any notification is accepted'],
    'it stops serving when one session ends': ['a session that ends does not affect other sessions']
  }, (fault) => definitionContract(() => {
    const right = createOwn()
    const faulty = fault === undefined ? {} : FAULTS[fault]?.(right.definition)
    return { ...right, definition: { ...right.definition, ...faulty } }
  }, { patience: 200 }))
})
