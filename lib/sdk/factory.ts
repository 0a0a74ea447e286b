// A function that makes SDK servers as a definition: each session has one of its own, and so has each request that has no
// session.
import type { FastifyRequest } from 'fastify'
import type { AuthInfo } from '../auth/auth-info.ts'
import type { Params, RequestMessage } from '../protocol/message.ts'
import type { Era } from '../protocol/revisions.ts'
import type { Caller, Channel } from '../server/context.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { ResultFinisher } from '../server/result.ts'
import type { Entered } from '../server/server-options.ts'
import { Connection } from './connection.ts'
import { hideFailure } from './failure.ts'
import { FetchExchange, type FetchCaller, type FetchHandler } from './fetch-exchange.ts'
import { initialize, serveModern, type LegacyServing, type ParamHeaders } from './modern-edge.ts'
import { findSdkServer, isV2, type SdkServer } from './shape.ts'
import { createWebRequest } from './web-request.ts'

/** For whom a server is made. */
export interface SdkServerContext {
  /** The era of the client. */
  readonly era: Era
  /** The session that the server is for; absent where it serves one request. */
  readonly sessionId?: string
  /** Who the caller has proved to be; absent where nobody has to. */
  readonly principal?: string
  /** What the caller has proved; absent where nobody has to. */
  readonly authInfo?: AuthInfo
  /** The HTTP request to be served; with a session, the one that opens it, or the first that another process serves. Absent for a call of the host app. */
  readonly request?: FastifyRequest
  /** The same as a web `Request`, as the SDK v2 has it. */
  readonly requestInfo?: Request
}

/** A function that makes SDK servers as a definition. */
export class FactoryServer implements ServerDefinition {
  readonly #factory: (context: SdkServerContext) => unknown
  readonly #connections = new WeakMap<object, Promise<Connection>>()
  readonly #paramHeaders: ParamHeaders = new Map()

  constructor (factory: (context: SdkServerContext) => unknown) {
    this.#factory = factory
  }

  async enter (): Promise<Entered<unknown>> {
    return { value: undefined }
  }

  // Each server belongs to a client, and tells that one itself.
  onChange (): () => void {
    return doNothing
  }

  async serve (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    try {
      return await (caller.sessionId === undefined ? this.#serveOnce(message, caller, channel) : this.#serveSession(message, caller, channel))
    } catch (error) {
      throw hideFailure(error, channel.log, message.method)
    }
  }

  async handle (message: RequestMessage, caller: Caller, channel: Channel): Promise<string> {
    return JSON.stringify(await this.serve(message, caller, channel))
  }

  notified (method: string, params: Params, caller: Caller): void {
    this.#connections.get(caller)?.then((connection) => connection.receive(method, params), doNothing)
  }

  async ended (session: object): Promise<void> {
    const connection = await this.#connections.get(session)?.catch(doNothing)
    await connection?.end()
  }

  async #serveSession (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    if (message.method === 'initialize') this.#connections.set(caller, this.#connect(message, caller, channel))
    const connection = await (this.#connections.get(caller) ?? this.#rebuild(message, caller, channel))
    return await connection.serve(message, caller, channel)
  }

  // Another process has opened the session: the server learns who its client is as it would of a new one.
  async #rebuild (message: RequestMessage, caller: Caller, channel: Channel): Promise<Connection> {
    const rebuilt = this.#connect(message, caller, channel).then(async (connection) => {
      await initialize({ id: 'initialize' }, caller, (opening) => connection.serve(opening, caller, channel))
      connection.receive('notifications/initialized', {})
      return connection
    })
    this.#connections.set(caller, rebuilt)
    // Another request may have more luck.
    rebuilt.catch(() => { this.#connections.delete(caller) })
    return await rebuilt
  }

  async #connect (message: RequestMessage, caller: Caller, channel: Channel): Promise<Connection> {
    return await Connection.open(await this.#make(message, caller, channel), caller, channel)
  }

  async #serveOnce (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    const server = await this.#make(message, caller, channel)
    if (caller.era === 'modern' && isV2(server)) return await serveByV2(server, message, { caller, channel, sessionId: undefined })

    const connection = await Connection.open(server, caller, channel)
    try {
      return await (caller.era === 'modern' ? serveByV1({ connection, paramHeaders: this.#paramHeaders }, message, caller, channel) : connection.serve(message, caller, channel))
    } finally {
      await connection.end()
    }
  }

  async #make (message: RequestMessage, caller: Caller, channel: Channel): Promise<SdkServer> {
    const made = await this.#factory(createContext(message, caller, channel))
    const server = findSdkServer(made)
    if (server === undefined) throw new Error('the factory returned no server of the official SDK; return a new McpServer or Server')
    // v2 would give the server to its newer client, and the older one's answers with it.
    if (server.transport !== undefined) throw new Error('the factory returned a server that has a client already; return a new one each time')
    // What findSdkServer found a server in can be connected and closed itself.
    return made as SdkServer
  }
}

function createContext (message: RequestMessage, caller: Caller, channel: Channel): SdkServerContext {
  const { era, sessionId, principal } = caller
  const { auth, request } = channel
  return {
    era,
    ...(sessionId !== undefined && { sessionId }),
    ...(principal !== undefined && { principal }),
    ...(auth !== undefined && { authInfo: auth }),
    ...(request !== undefined && { request }),
    get requestInfo () { return createWebRequest(message, caller, channel).request }
  }
}

interface MadeForOne { readonly connection: Connection, readonly paramHeaders: ParamHeaders }

// The server learns who its client is as it would of a session.
async function serveByV1 ({ connection, paramHeaders }: MadeForOne, message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
  const serve: LegacyServing = (legacy) => connection.serve(legacy, caller, channel)
  const opened = await initialize({ id: 'initialize' }, caller, serve)
  return await serveModern({ finisher: new ResultFinisher(opened.serverInfo), serve, paramHeaders }, message, caller, channel)
}

async function serveByV2 (server: SdkServer, message: RequestMessage, to: FetchCaller): Promise<object> {
  const { createMcpHandler } = await loadV2()
  const handler = createMcpHandler(() => server, { legacy: 'reject', keepAliveMs: 0 })
  return await new FetchExchange(handler, to).serve(message)
}

/** As much of the SDK v2 as is used; its own types know their own servers only. */
interface SdkV2 {
  createMcpHandler (factory: () => SdkServer, options: { readonly legacy: 'reject', readonly keepAliveMs: number }): FetchHandler
}

async function loadV2 (): Promise<SdkV2> {
  try {
    return await import('@modelcontextprotocol/server') as object as SdkV2
  } catch (cause) {
    throw new Error("the factory returned a server of the SDK v2, but '@modelcontextprotocol/server' cannot be loaded; mount createMcpHandler(factory) instead", { cause })
  }
}

function doNothing (): void {}
