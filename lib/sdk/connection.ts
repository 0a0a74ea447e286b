// An SDK server with a client of its own: one made for a session, or for a single request.
import { ErrorCode } from '../protocol/error-code.ts'
import type { Params, RequestId, RequestMessage } from '../protocol/message.ts'
import { RpcError, SessionGoneError } from '../errors.ts'
import type { Caller, Channel } from '../server/context.ts'
import { AskedQuestions } from './asked.ts'
import { readRequestInfo } from './extra.ts'
import { follow } from './follow.ts'
import { SdkCall } from './sdk-call.ts'
import type { SdkMessage, SdkMessageExtra, SdkServer, SdkTransport } from './shape.ts'
import { createWebRequest } from './web-request.ts'

/** A request that the server has not answered yet. */
interface Waiting {
  readonly call: SdkCall
  readonly resolve: (result: object) => void
  readonly reject: (error: Error) => void
}

/** The transport of an SDK server that has one client. */
export class Connection implements SdkTransport {
  onmessage?: (message: SdkMessage, extra?: SdkMessageExtra) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  readonly sessionId: string | undefined
  readonly #server: SdkServer
  readonly #session: SdkCall
  readonly #waiting = new Map<RequestId, Waiting>()
  readonly #asked = new AskedQuestions((message) => this.onmessage?.(message))
  #closed = false

  /** Connects a server to its client. */
  static async open (server: SdkServer, caller: Caller, channel: Channel): Promise<Connection> {
    const connection = new Connection(server, caller, channel)
    await server.connect(connection)
    return connection
  }

  private constructor (server: SdkServer, caller: Caller, channel: Channel) {
    this.sessionId = caller.sessionId
    this.#server = server
    // The session outlives the request that has opened it.
    this.#session = new SdkCall(caller, { log: channel.log, lifespan: channel.lifespan, notify: doNothing, onDisconnect: doNothing }, true)
  }

  /** Serves one request. @throws RpcError */
  async serve (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    const { id, method, params } = message
    // The SDK answers nothing then.
    if (this.#closed) throw serverGone()
    if (this.#waiting.has(id)) throw new RpcError(ErrorCode.InvalidRequest, `Invalid Request: the id ${JSON.stringify(id)} is that of a request that has not been answered`)
    const call = new SdkCall(caller, channel)
    channel.onDisconnect((reason) => this.#cancel(id, reason))
    try {
      const result = await new Promise<object>((resolve, reject) => {
        this.#waiting.set(id, { call, resolve, reject })
        this.onmessage?.({ jsonrpc: '2.0', id, method, params }, createMessageExtra(message, caller, channel))
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

  /** Ends the server. */
  async end (): Promise<void> {
    await this.#server.close()
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
    if (error === undefined) waiting?.resolve(Object(result))
    else waiting?.reject(new RpcError(error.code, error.message, error.data))
  }

  // The SDK answers no request that was cancelled.
  #cancel (id: RequestId, reason: Error): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.receive('notifications/cancelled', { requestId: id, reason: reason.message })
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

function doNothing (): void {}
