// The mounts and clients of a check of definitions, connected without a transport.
import assert from 'node:assert/strict'
import type { FastifyInstance } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import { RpcError } from '../errors.ts'
import { isWireObject, type WireObject } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import { CLIENT_CAPABILITIES_KEY, CLIENT_INFO_KEY, PROTOCOL_VERSION_KEY } from '../protocol/request-meta.ts'
import { MODERN_REVISION, NEWEST_LEGACY_REVISION, type Era } from '../protocol/revisions.ts'
import type { Caller, Channel, Incoming } from '../server/call/incoming.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { encodeReply } from '../server/call/result.ts'

/** @internal Most checks hold for clients of both eras. */
export const ERAS: readonly Era[] = ['modern', 'legacy']

/** @internal One registration of a definition. */
export interface StagedMount {
  readonly lifespan: unknown
  /** Leaves the lifespan. Called at the end of the check at the latest. */
  close (): Promise<void>
}

/** @internal One request that is being served. */
export interface Asked {
  /** The result, as it would arrive on the wire. Rejects with the error that the definition threw. */
  readonly result: Promise<WireObject>
  /** The notifications that were sent for the request. */
  readonly sent: ReadonlyArray<{ readonly method: string, readonly params: WireObject }>
  /** Closes the connection. */
  leave (): void
}

/** @internal A client of one mount. */
export interface StagedClient {
  readonly caller: Caller
  /** Sends a request. @param channel Members that replace those of its channel. */
  ask (method: string, params?: WireObject, channel?: Partial<Channel>): Asked
  /** Calls a tool that takes no arguments. */
  call (tool: string, _meta?: WireObject): Asked
  /** Sends a notification. */
  notify (method: string): void
}

/** @internal The surroundings of one check. */
export interface Stage {
  /** Mounts the definition. */
  mount (): Promise<StagedMount>
  /** Connects a client. A legacy one opens a session. */
  connect (mount: StagedMount, era: Era, name?: string): Promise<StagedClient>
}

/** @internal Creates the surroundings of a check; `end` closes its mounts. */
export async function createStage (definition: ServerDefinition): Promise<Stage & { end (): Promise<void> }> {
  const { default: Fastify } = await import('fastify')
  const app = Fastify()
  const mounts = new Set<StagedMount>()

  async function mount (): Promise<StagedMount> {
    const entered = await definition.enter?.(app)
    const mount: StagedMount = {
      lifespan: entered?.value,
      async close () {
        mounts.delete(mount)
        await entered?.close?.()
      }
    }
    mounts.add(mount)
    return mount
  }

  return {
    mount,
    async connect (mount, era, name = 'ann') {
      const client = createClient({ definition, app, lifespan: mount.lifespan }, era, name)
      if (era === 'legacy') {
        await client.ask(Method.Initialize, openingOf(client.caller)).result
        client.notify(Method.Initialized)
      }
      return client
    },
    async end () {
      for (const mount of mounts) await mount.close()
      await app.close()
    }
  }
}

/** @internal Returns the parameters of `initialize`. */
export function openingOf ({ protocolVersion, client: { info, capabilities } }: Caller): WireObject {
  return { protocolVersion, capabilities, clientInfo: info }
}

/** @internal */
export function isRpcError (error: unknown): error is RpcError {
  return error instanceof RpcError && Number.isInteger(error.code)
}

/** @internal Returns the RpcError with which a request was refused. */
export async function rejected ({ result }: Asked): Promise<RpcError> {
  const error = await result.then(() => undefined, (error: unknown) => error)
  assert.ok(isRpcError(error), `an RpcError, and not ${String(error)}`)
  return error
}

/** @internal Returns the text of the result of a tool. */
export function textOf ({ content }: WireObject): unknown {
  return Array.isArray(content) ? Object(content[0]).text : undefined
}

interface Place { readonly definition: ServerDefinition, readonly app: FastifyInstance, readonly lifespan: unknown }

function createClient ({ definition, app, lifespan }: Place, era: Era, name: string): StagedClient {
  const caller = era === 'modern' ? createModernCaller(name) : createSession(name)
  const base = { log: app.log, lifespan, auth: { token: `token of ${name}`, clientId: name, scopes: [] } }

  function ask (method: string, params: WireObject = {}, channel: Partial<Channel> = {}): Asked {
    const sent: Array<Asked['sent'][number]> = []
    const listeners: Array<(reason: Error) => void> = []
    const sentParams = era === 'modern' ? { ...params, _meta: createMeta(caller, params._meta) } : params
    const result = serve(definition, {
      message: { id: 1, method, params: sentParams },
      caller,
      channel: {
        ...base,
        takesJson: true,
        // Copied as JSON, as the wire would.
        notify: (method, params) => { sent.push(JSON.parse(JSON.stringify({ method, params }))) },
        onDisconnect: (listener) => { listeners.push(listener) },
        ...channel
      }
    })
    // A check may await the result later, so it must not cause an unhandled rejection.
    result.catch(doNothing)
    return {
      result,
      sent,
      leave () {
        for (const listener of listeners.splice(0)) listener(new Error('The client closed the connection'))
      }
    }
  }

  return {
    caller,
    ask,
    call: (tool, _meta) => ask(Method.ToolsCall, { name: tool, arguments: {}, ...(_meta !== undefined && { _meta }) }),
    notify (method) {
      const channel = { ...base, notify: doNothing, onDisconnect: doNothing }
      definition.notified?.({ message: { method, params: {} }, caller, channel })
    }
  }
}

async function serve (definition: ServerDefinition, incoming: Incoming): Promise<WireObject> {
  const { message: { id }, channel: { takesJson } } = incoming
  const outcome = await definition.serve(incoming)
  assert.ok(takesJson === true || typeof outcome === 'object', 'the result is an object')
  const reply = JSON.parse(encodeReply(outcome, id)) as WireObject
  assert.deepEqual([reply.jsonrpc, reply.id], ['2.0', id])
  assert.ok(isWireObject(reply.result), 'a result is an object')
  return reply.result
}

function createModernCaller (name: string): Caller {
  const client = { info: { name, version: '1' }, capabilities: {} }
  return { era: 'modern', protocolVersion: MODERN_REVISION, client, principal: name }
}

let sessions = 0

function createSession (name: string): Caller {
  return {
    era: 'legacy',
    protocolVersion: NEWEST_LEGACY_REVISION,
    client: { info: { name, version: '1' }, capabilities: {} },
    principal: name,
    sessionId: `session-${++sessions}`,
    subscriptions: new Set<string>(),
    notify: doNothing
  }
}

function createMeta ({ protocolVersion, client: { info, capabilities } }: Caller, given: unknown): WireObject {
  return {
    [PROTOCOL_VERSION_KEY]: protocolVersion,
    [CLIENT_INFO_KEY]: info,
    [CLIENT_CAPABILITIES_KEY]: capabilities,
    ...(isWireObject(given) && given)
  }
}
