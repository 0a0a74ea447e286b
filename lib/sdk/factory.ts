// A function that makes SDK servers as a definition: each session has one of its own, and so has each request that has no
// session.
import type { FastifyRequest } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import type { AuthInfo } from '../auth/auth-info.ts'
import { shorten } from '../protocol/bounds.ts'
import type { Params, RequestMessage } from '../protocol/message.ts'
import type { Era } from '../protocol/revisions.ts'
import type { Caller, Channel } from '../server/context.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { ResultFinisher } from '../server/result.ts'
import type { Entered } from '../server/server-options.ts'
import { hideFailure } from './failure.ts'
import { INITIALIZED } from './notification.ts'
import { OwnTransport } from './own-transport.ts'
import { findSdkServer, isConnectable, isDefinition, isFetchHandler, isV2, type SdkServer } from './shape.ts'
import { initialize, serveModern, type LegacyServing, type ParamHeaders } from './translate.ts'
import { notifyByV2, serveByV2 } from './v2.ts'
import { createWebRequest } from './web-request.ts'
import { whileConnected } from './while-connected.ts'

// Milliseconds that a factory may take for one server.
const MAKING_TIMEOUT = 30_000

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
  readonly #transports = new WeakMap<object, Promise<OwnTransport>>()
  readonly #paramHeaders: ParamHeaders = new Map()
  readonly #made = new WeakSet<object>()

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
      return await whileConnected(channel, caller.sessionId === undefined ? this.#serveOnce(message, caller, channel) : this.#serveSession(message, caller, channel))
    } catch (error) {
      throw hideFailure(error, channel.log, message.method)
    }
  }

  async handle (message: RequestMessage, caller: Caller, channel: Channel): Promise<string> {
    return JSON.stringify(await this.serve(message, caller, channel))
  }

  notified (method: string, params: Params, caller: Caller, channel: Channel): void {
    if (caller.sessionId !== undefined) {
      this.#transports.get(caller)?.then((transport) => transport.receive(method, params), doNothing)
    } else if (method !== INITIALIZED) {
      // A server that is made for this message alone has nothing to begin.
      this.#notifyOnce({ method, params }, caller, channel).catch((err: unknown) => { channel.log.warn({ err }, `${shorten(method)} could not be handed over`) })
    }
  }

  async ended (session: object): Promise<void> {
    const transport = await this.#transports.get(session)?.catch(doNothing)
    await transport?.end()
  }

  async #serveSession (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    if (message.method === 'initialize') this.#transports.set(caller, this.#connect(message, caller, channel))
    const transport = await (this.#transports.get(caller) ?? this.#rebuild(message, caller, channel))
    return await transport.serve(message, caller, channel)
  }

  // Another process has opened the session: the server learns who its client is as it would of a new one.
  async #rebuild (message: RequestMessage, caller: Caller, channel: Channel): Promise<OwnTransport> {
    const rebuilt = this.#connect(message, caller, channel).then(async (transport) => {
      await initialize({ id: 'initialize' }, caller, (opening) => transport.serve(opening, caller, channel))
      await transport.notify(INITIALIZED, {})
      return transport
    })
    this.#transports.set(caller, rebuilt)
    // Another request may have more luck.
    rebuilt.catch(() => { this.#transports.delete(caller) })
    return await rebuilt
  }

  async #connect (message: RequestMessage, caller: Caller, channel: Channel): Promise<OwnTransport> {
    return await OwnTransport.open(await this.#make(message, caller, channel), caller, channel)
  }

  async #serveOnce (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    const server = await this.#make(message, caller, channel)
    if (caller.era === 'modern' && isV2(server)) return await serveByV2(server, message, { caller, channel, sessionId: undefined })

    const transport = await OwnTransport.open(server, caller, channel)
    try {
      return await (caller.era === 'modern' ? serveByV1({ transport, paramHeaders: this.#paramHeaders }, message, caller, channel) : transport.serve(message, caller, channel))
    } finally {
      await transport.end()
    }
  }

  async #notifyOnce (message: Pick<RequestMessage, 'method' | 'params'>, caller: Caller, channel: Channel): Promise<void> {
    const server = await this.#make(message, caller, channel)
    if (caller.era === 'modern' && isV2(server)) return await notifyByV2(server, message, { caller, channel, sessionId: undefined })

    const transport = await OwnTransport.open(server, caller, channel)
    try {
      if (caller.era === 'modern') await initialize({ id: 'initialize' }, caller, (opening) => transport.serve(opening, caller, channel))
      await transport.notify(message.method, message.params)
    } finally {
      await transport.end()
    }
  }

  async #make (message: object, caller: Caller, channel: Channel): Promise<SdkServer> {
    const making = this.#factory(createContext(message, caller, channel))
    const made = await (making instanceof Promise ? inTime(making) : making)
    if (!isConnectable(made)) throw new Error(`the factory returned ${describe(made)}`)
    const server = Object(findSdkServer(made)) as SdkServer
    // What one client leaves in a server must not be seen by another (GHSA-345p-7cg4-v4c7).
    if (this.#made.has(server)) throw new Error('the factory returned a server that it has returned before; return a new one each time, or mount a server of the SDK v1 without a function')
    if (server.transport !== undefined) throw new Error('the factory returned a server that is connected already; return a new one each time, and leave connect() to the mount')
    this.#made.add(server)
    return made
  }
}

async function inTime (making: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the factory returned no server within ${MAKING_TIMEOUT} ms`)), MAKING_TIMEOUT).unref()
  })
  return await Promise.race([making, late]).finally(() => clearTimeout(timer))
}

function describe (made: unknown): string {
  const { server } = Object(made) as { readonly server?: unknown }
  if (isConnectable(server)) return 'an object that holds a server; return its server alone: async (context) => (await create(context)).server'
  if (isDefinition(made)) return 'an McpServer of this package, which serves all clients at once; mount it without a function'
  if (isFetchHandler(made)) return "a handler with 'fetch'; mount it without a function"
  return 'no server of the official SDK; return a new McpServer or Server'
}

function createContext (message: object, caller: Caller, channel: Channel): SdkServerContext {
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

interface MadeForOne { readonly transport: OwnTransport, readonly paramHeaders: ParamHeaders }

// The server learns who its client is as it would of a session.
async function serveByV1 ({ transport, paramHeaders }: MadeForOne, message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
  const serve: LegacyServing = (legacy) => transport.serve(legacy, caller, channel)
  const opened = await initialize({ id: 'initialize' }, caller, serve)
  const ready = (): Promise<void> => transport.notify(INITIALIZED, {})
  return await serveModern({ finisher: new ResultFinisher(opened.serverInfo), serve, ready, paramHeaders }, message, caller, channel)
}
