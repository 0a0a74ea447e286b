// The definition of a function that creates SDK servers: each session gets a server of its own, and so does each
// request without a session.
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

// How many milliseconds a factory may take to create one server.
const CREATION_TIMEOUT = 30_000

const USED_BEFORE = 'the factory returned a server that it has returned before; ' +
  'return a new one each time, or mount a server of the SDK v1 without a function'
const CONNECTED_BEFORE = 'the factory returned a server that is already connected; ' +
  'return a new one each time, and leave connect() to the mount'

/** The client that a server is created for. */
export interface SdkServerContext {
  /** The era of the client. */
  readonly era: Era
  /** The id of the session that the server serves; absent if it serves a single request. */
  readonly sessionId?: string
  /** The identity of the authenticated caller; absent if the mount has no `auth`. */
  readonly principal?: string
  /** The authenticated caller; absent if the mount has no `auth`. */
  readonly authInfo?: AuthInfo
  /**
   * The HTTP request to be served. For a session, it is the one that opens the session or, in a cluster, the first that
   * reaches this process. Absent for a call of the host app, and on stdio.
   */
  readonly request?: FastifyRequest
  /** `request` as a web `Request`, which the SDK v2 uses. */
  readonly requestInfo?: Request
}

/**
 * The definition of a function that creates SDK servers. Each server belongs to one client, and notifies it of changes
 * itself.
 */
export class FactoryServer implements ServerDefinition {
  readonly #factory: (context: SdkServerContext) => unknown
  readonly #transports = new WeakMap<object, Promise<OwnTransport>>()
  readonly #paramHeaders: ParamHeaders = new Map()
  readonly #created = new WeakSet<object>()

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
      // Without a session, this message would get a server of its own, which has nothing to initialize.
      this.#notifyOnce(incoming).catch((err: unknown) => {
        channel.log.warn({ err }, `${shorten(message.method)} could not be delivered`)
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

  // Another process has opened the session, so the server here has to be initialized for its client.
  async #rebuild (incoming: Incoming): Promise<OwnTransport> {
    const { caller } = incoming
    const rebuilt = this.#connect(incoming).then(async (transport) => {
      await initializeServer(transport, incoming)
      await transport.notify({ method: INITIALIZED, params: {} })
      return transport
    })
    this.#transports.set(caller, rebuilt)
    // After a failure, the next request of the session tries again.
    rebuilt.catch(() => { this.#transports.delete(caller) })
    return await rebuilt
  }

  async #connect (incoming: Incoming): Promise<OwnTransport> {
    return await OwnTransport.open(await this.#create(incoming), incoming)
  }

  async #serveOnce (incoming: Incoming): Promise<object> {
    const isModern = incoming.caller.era === 'modern'
    const server = await this.#create(incoming)
    if (isModern && isV2(server)) return await serveByV2(server, incoming)

    const transport = await OwnTransport.open(server, incoming)
    try {
      const created = { transport, paramHeaders: this.#paramHeaders }
      return await (isModern ? serveByV1(created, incoming) : transport.serve(incoming))
    } finally {
      await transport.end()
    }
  }

  async #notifyOnce (incoming: Incoming<NotificationMessage>): Promise<void> {
    const isModern = incoming.caller.era === 'modern'
    const server = await this.#create(incoming)
    if (isModern && isV2(server)) return await notifyByV2(server, incoming)

    const transport = await OwnTransport.open(server, incoming)
    try {
      if (isModern) await initializeServer(transport, incoming)
      await transport.notify(incoming.message)
    } finally {
      await transport.end()
    }
  }

  async #create (incoming: Incoming<object>): Promise<SdkServer> {
    const pending = this.#factory(createContext(incoming))
    const created = await (pending instanceof Promise ? withTimeout(pending) : pending)
    if (!isConnectable(created)) throw new Error(`the factory returned ${describe(created)}`)
    // The cast holds, because a connectable value has a low-level server.
    const server = Object(findSdkServer(created)) as SdkServer
    // A server keeps data of its client, which another client must not see (GHSA-345p-7cg4-v4c7).
    if (this.#created.has(server)) throw new Error(USED_BEFORE)
    if (server.transport !== undefined) throw new Error(CONNECTED_BEFORE)
    this.#created.add(server)
    return created
  }
}

async function withTimeout (pending: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new Error(`the factory returned no server within ${CREATION_TIMEOUT} ms`))
    timer = setTimeout(giveUp, CREATION_TIMEOUT).unref()
  })
  return await Promise.race([pending, late]).finally(() => clearTimeout(timer))
}

function describe (created: unknown): string {
  const { server } = Object(created) as { readonly server?: unknown }
  if (isConnectable(server)) {
    return 'an object that holds a server; return its server alone: async (context) => (await create(context)).server'
  }
  if (isDefinition(created)) {
    return 'an McpServer of this package, which serves all clients at once; mount it without a function'
  }
  if (isFetchHandler(created)) return "a handler with 'fetch'; mount it without a function"
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

interface ServerOfOneClient { readonly transport: OwnTransport, readonly paramHeaders: ParamHeaders }

async function serveByV1 ({ transport, paramHeaders }: ServerOfOneClient, incoming: Incoming): Promise<object> {
  const { serverInfo } = await initializeServer(transport, incoming)
  const serve: LegacyServing = (legacy) => transport.serve({ ...incoming, message: legacy })
  const ready = (): Promise<void> => transport.notify({ method: INITIALIZED, params: {} })
  return await serveModern({ finisher: new ResultFinisher(serverInfo), serve, ready, paramHeaders }, incoming)
}

// Sends a server the `initialize` of its client, as a legacy client would.
function initializeServer (transport: OwnTransport, { caller, channel }: Origin): Promise<Opened> {
  return initialize({ id: 'initialize' }, caller, (message) => transport.serve({ message, caller, channel }))
}
