// A function that makes SDK servers as a definition: each session gets one of its own, and so does each request without
// a session.
import type { FastifyRequest } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import type { AuthInfo } from '../auth/auth-info.ts'
import { shorten } from '../protocol/bounds.ts'
import type { NotificationMessage } from '../protocol/message.ts'
import type { Era } from '../protocol/revisions.ts'
import type { ServerDefinition } from '../server/definition.ts'
import type { Incoming } from '../server/call/incoming.ts'
import { ResultFinisher } from '../server/call/result.ts'
import { hideFailure } from './failure.ts'
import { INITIALIZED } from './notification.ts'
import { OwnTransport } from './own-transport.ts'
import type { Origin } from './sdk-call.ts'
import { findSdkServer, isConnectable, isDefinition, isFetchHandler, isV2, type SdkServer } from './shape.ts'
import { initialize, serveModern, type LegacyServing, type Opened, type ParamHeaders } from './translate.ts'
import { notifyByV2, serveByV2 } from './v2.ts'
import { createWebRequest } from './web-request.ts'
import { whileConnected } from './while-connected.ts'

// Milliseconds that a factory may take for one server.
const MAKING_TIMEOUT = 30_000

const USED_BEFORE = 'the factory returned a server that it has returned before; ' +
  'return a new one each time, or mount a server of the SDK v1 without a function'
const CONNECTED_BEFORE = 'the factory returned a server that is connected already; ' +
  'return a new one each time, and leave connect() to the mount'

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
  /**
   * The HTTP request to be served; with a session, the one that opens it, or the first that another process serves.
   * Absent for a call of the host app.
   */
  readonly request?: FastifyRequest
  /** The same as a web `Request`, as the SDK v2 has it. */
  readonly requestInfo?: Request
}

/** A function that makes SDK servers as a definition. Each server belongs to a client, and sends it changes itself. */
export class FactoryServer implements ServerDefinition {
  readonly #factory: (context: SdkServerContext) => unknown
  readonly #transports = new WeakMap<object, Promise<OwnTransport>>()
  readonly #paramHeaders: ParamHeaders = new Map()
  readonly #made = new WeakSet<object>()

  constructor (factory: (context: SdkServerContext) => unknown) {
    this.#factory = factory
  }

  async serve (incoming: Incoming): Promise<object> {
    const { message: { method }, caller, channel } = incoming
    try {
      const serving = caller.sessionId === undefined ? this.#serveOnce(incoming) : this.#serveSession(incoming)
      return await whileConnected(channel, serving)
    } catch (error) {
      throw hideFailure(error, channel.log, method)
    }
  }

  notified (incoming: Incoming<NotificationMessage>): void {
    const { message, caller, channel } = incoming
    if (caller.sessionId !== undefined) {
      this.#transports.get(caller)?.then((transport) => transport.receive(message), doNothing)
    } else if (message.method !== INITIALIZED) {
      // A server that is made for this message alone has nothing to begin.
      this.#notifyOnce(incoming).catch((err: unknown) => {
        channel.log.warn({ err }, `${shorten(message.method)} could not be handed over`)
      })
    }
  }

  async ended (session: object): Promise<void> {
    const transport = await this.#transports.get(session)?.catch(doNothing)
    await transport?.end()
  }

  async #serveSession (incoming: Incoming): Promise<object> {
    const { message, caller } = incoming
    if (message.method === 'initialize') this.#transports.set(caller, this.#connect(incoming))
    const transport = await (this.#transports.get(caller) ?? this.#rebuild(incoming))
    return await transport.serve(incoming)
  }

  // Another process has opened the session: its client is introduced to the server here as a new one is.
  async #rebuild (incoming: Incoming): Promise<OwnTransport> {
    const { caller } = incoming
    const rebuilt = this.#connect(incoming).then(async (transport) => {
      await introduce(transport, incoming)
      await transport.notify({ method: INITIALIZED, params: {} })
      return transport
    })
    this.#transports.set(caller, rebuilt)
    // Another request may have more luck.
    rebuilt.catch(() => { this.#transports.delete(caller) })
    return await rebuilt
  }

  async #connect (incoming: Incoming): Promise<OwnTransport> {
    return await OwnTransport.open(await this.#make(incoming), incoming)
  }

  async #serveOnce (incoming: Incoming): Promise<object> {
    const isModern = incoming.caller.era === 'modern'
    const server = await this.#make(incoming)
    if (isModern && isV2(server)) return await serveByV2(server, incoming)

    const transport = await OwnTransport.open(server, incoming)
    try {
      const made = { transport, paramHeaders: this.#paramHeaders }
      return await (isModern ? serveByV1(made, incoming) : transport.serve(incoming))
    } finally {
      await transport.end()
    }
  }

  async #notifyOnce (incoming: Incoming<NotificationMessage>): Promise<void> {
    const isModern = incoming.caller.era === 'modern'
    const server = await this.#make(incoming)
    if (isModern && isV2(server)) return await notifyByV2(server, incoming)

    const transport = await OwnTransport.open(server, incoming)
    try {
      if (isModern) await introduce(transport, incoming)
      await transport.notify(incoming.message)
    } finally {
      await transport.end()
    }
  }

  async #make (incoming: Incoming<object>): Promise<SdkServer> {
    const making = this.#factory(createContext(incoming))
    const made = await (making instanceof Promise ? inTime(making) : making)
    if (!isConnectable(made)) throw new Error(`the factory returned ${describe(made)}`)
    // A connectable value has one.
    const server = Object(findSdkServer(made)) as SdkServer
    // What one client leaves in a server must not be seen by another (GHSA-345p-7cg4-v4c7).
    if (this.#made.has(server)) throw new Error(USED_BEFORE)
    if (server.transport !== undefined) throw new Error(CONNECTED_BEFORE)
    this.#made.add(server)
    return made
  }
}

async function inTime (making: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new Error(`the factory returned no server within ${MAKING_TIMEOUT} ms`))
    timer = setTimeout(giveUp, MAKING_TIMEOUT).unref()
  })
  return await Promise.race([making, late]).finally(() => clearTimeout(timer))
}

function describe (made: unknown): string {
  const { server } = Object(made) as { readonly server?: unknown }
  if (isConnectable(server)) {
    return 'an object that holds a server; return its server alone: async (context) => (await create(context)).server'
  }
  if (isDefinition(made)) {
    return 'an McpServer of this package, which serves all clients at once; mount it without a function'
  }
  if (isFetchHandler(made)) return "a handler with 'fetch'; mount it without a function"
  return 'no server of the official SDK; return a new McpServer or Server'
}

function createContext (incoming: Incoming<object>): SdkServerContext {
  const { era, sessionId, principal } = incoming.caller
  const { auth, request } = incoming.channel
  return {
    era,
    ...(sessionId !== undefined && { sessionId }),
    ...(principal !== undefined && { principal }),
    ...(auth !== undefined && { authInfo: auth }),
    ...(request !== undefined && { request }),
    get requestInfo () { return createWebRequest(incoming).request }
  }
}

interface MadeForOne { readonly transport: OwnTransport, readonly paramHeaders: ParamHeaders }

async function serveByV1 ({ transport, paramHeaders }: MadeForOne, incoming: Incoming): Promise<object> {
  const { serverInfo } = await introduce(transport, incoming)
  const serve: LegacyServing = (legacy) => transport.serve({ ...incoming, message: legacy })
  const ready = (): Promise<void> => transport.notify({ method: INITIALIZED, params: {} })
  return await serveModern({ finisher: new ResultFinisher(serverInfo), serve, ready, paramHeaders }, incoming)
}

// Tells a server who its client is, as a legacy client would.
function introduce (transport: OwnTransport, { caller, channel }: Origin): Promise<Opened> {
  return initialize({ id: 'initialize' }, caller, (message) => transport.serve({ message, caller, channel }))
}
