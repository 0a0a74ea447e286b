// Each kind of definition keeps the contract, and each of its checks is broken by a definition that does wrong.
import { once } from 'node:events'
import t from 'tap'
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as V2McpServer } from '@modelcontextprotocol/server'
import { definitionContract, type DefinitionSubject } from '../../lib/contracts/index.ts'
import {
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

/** A definition without anything of this package. */
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

const kinds: Readonly<Record<string, () => DefinitionSubject>> = {
  'an McpServer': createNative,
  'an SDK v1 instance': createInstance,
  'a factory of SDK v1 servers': () => createMade((waits) => () => createV1(waits)),
  'a factory of SDK v2 servers': () => createMade((waits) => () => createV2(waits)),
  'an SDK v2 handler': () => createMade((waits) => createMcpHandler(() => createV2(waits))),
  "a definition of one's own": createOwn
}

for (const [kind, create] of Object.entries(kinds)) {
  t.test(`${kind} keeps the contract of definitions`, (t) => runContracts(t, definitionContract(create)))
}

type Serve = ServerDefinition['serve']

/** Changes what a definition resolves to. */
function changeOutcome (serve: Serve, change: (result: object) => object | string): Pick<ServerDefinition, 'serve'> {
  // The right one resolves to nothing else.
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

/** Serves until it is told that all is over. */
function serveUntil (serve: Serve, isOver: () => boolean): Serve {
  return async (incoming) => {
    if (isOver()) throw new RpcError(ErrorCode.InternalError, 'closed')
    return await serve(incoming)
  }
}

/** What is wrong with a definition, as a function from a right one. */
const FAULTS: Readonly<Record<string, (right: ServerDefinition) => Partial<ServerDefinition>>> = {
  'it is introduced as another one': () => ({ info: { name: 'Other', version: '1.0.0' } }),
  'it lists nothing': ({ serve }) => changeOutcome(serve, (result) => ({ ...result, tools: [] })),
  'modern results do not say that they are complete': ({ serve }) => (
    changeOutcome(serve, (result) => ({ ...result, resultType: undefined }))
  ),
  'it answers whatever it is asked': ({ serve }) => changeFailure(serve, () => ({})),
  'it throws what is no RpcError': ({ serve }) => changeFailure(serve, ({ message }) => { throw new Error(message) }),
  'it resolves to JSON for everybody': ({ serve }) => changeOutcome(serve, (result) => JSON.stringify(result)),
  'it goes on when its client has left': ({ serve }) => changeChannel(serve, () => ({ onDisconnect () {} })),
  'it remembers its first caller': ({ serve }) => {
    let first: Channel | undefined
    return changeChannel(serve, (channel) => ({ auth: (first ??= channel).auth }))
  },
  'it sends all to its first client': ({ serve }) => {
    let first: Channel | undefined
    return changeChannel(serve, (channel) => ({ notify: (first ??= channel).notify }))
  },
  'listening never ends': ({ onChange }) => ({ onChange (listener) { onChange?.(listener); return () => {} } }),
  'it ends with the first mount that leaves': ({ serve }) => {
    let isOver = false
    const enter = async () => ({ value: undefined, close () { isOver = true } })
    return { enter, serve: serveUntil(serve, () => isOver) }
  },
  'it throws at notifications that it does not know': () => ({
    notified ({ message: { method } }) { if (method === 'no/such') throw new Error(method) }
  }),
  'it ends with the first session that ends': ({ serve }) => {
    let isOver = false
    return { ended () { isOver = true }, serve: serveUntil(serve, () => isOver) }
  }
}

t.test('each contract of definitions is broken by a definition that does not keep it', async (t) => {
  await proveFaults(t, {
    'it is introduced as another one': ['a client of each era learns what the server is and can do'],
    'it lists nothing': ['tools are listed and called in both eras'],
    'modern results do not say that they are complete': ['the results of modern clients say that they are complete'],
    'it answers whatever it is asked': ['a method that the server does not have in an era is refused with -32601'],
    'it throws what is no RpcError': [
      'a request that cannot be served is answered all the same, by a result or an RpcError'
    ],
    'it resolves to JSON for everybody': ['a result is an object where the channel takes no JSON'],
    'it goes on when its client has left': ['a call is aborted and given up when its client leaves'],
    'it remembers its first caller': ['callers are told apart, whatever they send at the same time'],
    'it sends all to its first client': ['a notification goes to the client of its request, ahead of the result'],
    'listening never ends': ['a change is told to each listener until that ends'],
    'it ends with the first mount that leaves': ['a mount that leaves takes no other with it'],
    'it throws at notifications that it does not know': ['notifications are taken, whatever they are'],
    'it ends with the first session that ends': ['a session that ends takes no other with it']
  }, (fault) => definitionContract(() => {
    const right = createOwn()
    const faulty = fault === undefined ? {} : FAULTS[fault]?.(right.definition)
    return { ...right, definition: { ...right.definition, ...faulty } }
  }, { patience: 200 }))
})
