// An SDK server with a client of its own: one made for a session, or for a single request.
import { doNothing } from '../do-nothing.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { Params, RequestId, RequestMessage } from '../protocol/message.ts'
import { InsufficientScopeError, RefusedError, RpcError, SessionGoneError } from '../errors.ts'
import type { Caller, Channel } from '../server/context.ts'
import { AskedQuestions } from './asked.ts'
import { findFreeId } from './free-id.ts'
import { notifyServer } from './notification.ts'
import { givenReason, SdkCall } from './sdk-call.ts'
import type { ScopeResolver, SdkMessage, SdkMessageExtra, SdkServer, SdkTransport } from './shape.ts'
import { follow } from './translate.ts'
import { createWebRequest, readRequestInfo } from './web-request.ts'

/** A request that the server has not answered yet. */
interface Waiting {
  readonly call: SdkCall
  /** Whether the server is being handed the request: what it answers before its handler runs is its own refusal. */
  isBeingHandedOver: boolean
  readonly resolve: (result: object) => void
  readonly reject: (error: Error) => void
}

/** The transport of an SDK server that has one client. */
export class OwnTransport implements SdkTransport {
  onmessage?: (message: SdkMessage, extra?: SdkMessageExtra) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  readonly sessionId: string | undefined
  readonly #server: SdkServer
  readonly #session: SdkCall
  readonly #waiting = new Map<RequestId, Waiting>()
  readonly #asked = new AskedQuestions((message) => this.onmessage?.(message))
  #resolveChallenge: ScopeResolver | undefined
  #closed = false

  /** Connects a server to its client. */
  static async open (server: SdkServer, caller: Caller, channel: Channel): Promise<OwnTransport> {
    const transport = new OwnTransport(server, caller, channel)
    await server.connect(transport)
    return transport
  }

  private constructor (server: SdkServer, caller: Caller, channel: Channel) {
    this.sessionId = caller.sessionId
    this.#server = server
    // The session outlives the request that has opened it.
    this.#session = new SdkCall(caller, { log: channel.log, lifespan: channel.lifespan, notify: doNothing, onDisconnect: doNothing }, true)
  }

  /** Serves one request. @throws RpcError */
  async serve (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    if (this.#resolveChallenge !== undefined) await this.#checkScopes(this.#resolveChallenge, message, channel)
    // The SDK answers nothing then.
    if (this.#closed) throw serverGone()
    const { method, params } = message
    const id = findFreeId(message.id, this.#waiting)
    const call = new SdkCall(caller, channel)
    channel.onDisconnect((reason) => this.#cancel(id, reason))
    try {
      const result = await new Promise<object>((resolve, reject) => {
        const waiting: Waiting = { call, isBeingHandedOver: true, resolve, reject }
        this.#waiting.set(id, waiting)
        this.onmessage?.({ jsonrpc: '2.0', id, method, params }, createMessageExtra(message, caller, channel))
        waiting.isBeingHandedOver = false
      })
      return follow(message, caller, call.conclude(result))
    } finally {
      this.#waiting.delete(id)
      call.end()
    }
  }

  /** Hands over a client's notification. */
  receive (method: string, params: Params): void {
    this.onmessage?.({ jsonrpc: '2.0', method, params })
  }

  /** Hands over a client's notification, and waits for what the server does about it. */
  async notify (method: string, params: Params): Promise<void> {
    await notifyServer(this.#server, method, params)
  }

  /** Ends the server. */
  async end (): Promise<void> {
    await this.#server.close()
  }

  /** Called by the server if it checks scopes. */
  setScopeChallengeResolver (resolve: ScopeResolver): void {
    this.#resolveChallenge = resolve
  }

  async start (): Promise<void> {}

  async close (): Promise<void> {
    this.#closed = true
    this.#asked.abandon()
    for (const { reject } of this.#waiting.values()) reject(new RpcError(ErrorCode.InternalError, 'The server has closed'))
    this.onclose?.()
  }

  /** Called by the server with what it says. */
  async send (message: SdkMessage, { relatedRequestId }: { readonly relatedRequestId?: RequestId } = {}): Promise<void> {
    const { id, method, params = {} } = message
    if (method === undefined) return this.#answer(message)
    if (id !== undefined) return this.#asked.ask(this.#findCall(relatedRequestId), id, { method, params })
    if (method === 'notifications/cancelled') return this.#asked.cancel(params.requestId)
    const goesByAny = this.sessionId === undefined || method === 'notifications/message'
    await (goesByAny ? this.#findCall(relatedRequestId) : this.#waiting.get(relatedRequestId ?? '')?.call ?? this.#session).notify(method, params)
  }

  // What belongs to no request goes by any that runs: all of them are of the same client.
  #findCall (id: RequestId | undefined): SdkCall {
    return this.#waiting.get(id ?? '')?.call ?? [...this.#waiting.values()].at(-1)?.call ?? this.#session
  }

  #answer ({ id = '', result, error }: SdkMessage): void {
    const waiting = this.#waiting.get(id)
    if (error === undefined) return waiting?.resolve(Object(result))
    const { code, message, data } = error
    waiting?.reject(waiting.isBeingHandedOver ? new RefusedError(code, message, data) : new RpcError(code, message, data))
  }

  async #checkScopes (resolve: ScopeResolver, { id, method, params }: RequestMessage, { auth }: Channel): Promise<void> {
    const challenge = await resolve({ request: { jsonrpc: '2.0', id, method, params }, ...(auth !== undefined && { authInfo: auth }) })
    if (challenge !== undefined) throw new InsufficientScopeError(challenge.scopes)
  }

  // The SDK answers no request that was cancelled.
  #cancel (id: RequestId, reason: Error): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.receive('notifications/cancelled', { requestId: id, reason: givenReason(reason) })
    waiting.reject(new RpcError(ErrorCode.InternalError, reason.message))
  }
}

// What a client is told whose session has no server any more.
function serverGone (): SessionGoneError {
  return new SessionGoneError("Session not found: its server has closed; send 'initialize' to open a new one")
}

function createMessageExtra (message: RequestMessage, caller: Caller, channel: Channel): SdkMessageExtra {
  return {
    ...(channel.auth !== undefined && { authInfo: channel.auth }),
    get requestInfo () { return readRequestInfo(channel) },
    get request () { return createWebRequest(message, caller, channel).request },
    closeSSEStream: () => channel.closeStream?.(),
    closeStandaloneSSEStream: () => caller.closeListening?.()
  }
}
