// The transport of an SDK server that has one client: a session, or a single request.
import { doNothing } from '../do-nothing.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { NotificationMessage, RequestId } from '../protocol/message.ts'
import { InsufficientScopeError, RefusedError, RpcError, SessionGoneError } from '../errors.ts'
import type { Incoming } from '../server/call/incoming.ts'
import { AskedQuestions } from './asked.ts'
import { findFreeId } from './free-id.ts'
import { notifyServer } from './notification.ts'
import { createSessionCall, givenReason, SdkCall, type Origin } from './sdk-call.ts'
import type { ScopeResolver, SendOptions, SdkMessage, SdkMessageExtra, SdkServer, SdkTransport } from './shape.ts'
import { recordAccepted } from './translate.ts'
import { createWebRequest, readRequestInfo } from './web-request.ts'

/** A request that the server has not answered yet. */
interface Waiting {
  readonly call: SdkCall
  /** Whether the request is still being delivered. An error before its handler runs is a refusal by the server. */
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
  static async open (server: SdkServer, origin: Origin): Promise<OwnTransport> {
    const transport = new OwnTransport(server, origin)
    await server.connect(transport)
    return transport
  }

  private constructor (server: SdkServer, { caller, channel: { identity, log, lifespan } }: Origin) {
    this.sessionId = caller.sessionId
    this.#server = server
    // The session outlives the request that opened it, so it must not keep the channel of that request.
    const known = { log, lifespan, ...(identity !== undefined && { identity }) }
    const channel = { ...known, notify: doNothing, onDisconnect: doNothing }
    this.#session = createSessionCall({ caller, channel })
  }

  /** Serves one request. @throws RpcError */
  async serve (incoming: Incoming): Promise<object> {
    const { message, channel } = incoming
    if (this.#resolveChallenge !== undefined) await checkScopes(this.#resolveChallenge, incoming)
    // A closed SDK server never answers.
    if (this.#closed) throw serverClosed()
    const { method, params } = message
    const id = findFreeId(message.id, this.#waiting)
    const call = new SdkCall(incoming)
    channel.onDisconnect((reason) => this.#cancel(id, reason))
    try {
      const result = await new Promise<object>((resolve, reject) => {
        const waiting: Waiting = { call, isBeingHandedOver: true, resolve, reject }
        this.#waiting.set(id, waiting)
        this.onmessage?.({ jsonrpc: '2.0', id, method, params }, createMessageExtra(incoming))
        waiting.isBeingHandedOver = false
      })
      return await recordAccepted(incoming, call.conclude(result))
    } finally {
      this.#waiting.delete(id)
      call.end()
    }
  }

  /** Passes on a client's notification. */
  receive ({ method, params }: NotificationMessage): void {
    this.onmessage?.({ jsonrpc: '2.0', method, params })
  }

  /** Passes on a client's notification, and waits for the server's handler. */
  async notify ({ method, params }: NotificationMessage): Promise<void> {
    await notifyServer(this.#server, method, params)
  }

  /** Closes the server. */
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
    const closed = new RpcError(ErrorCode.InternalError, 'The server has closed')
    for (const { reject } of this.#waiting.values()) reject(closed)
    this.onclose?.()
  }

  /** Called by the server to send a message. */
  async send (message: SdkMessage, { relatedRequestId }: SendOptions = {}): Promise<void> {
    const { id, method, params = {} } = message
    if (method === undefined) return this.#answer(message)
    if (id !== undefined) return this.#asked.ask(this.#findCall(relatedRequestId), id, { method, params })
    if (method === 'notifications/cancelled') return this.#asked.cancel(params.requestId)
    const mayUseAnyCall = this.sessionId === undefined || method === 'notifications/message'
    const related = this.#waiting.get(relatedRequestId ?? '')?.call ?? this.#session
    await (mayUseAnyCall ? this.#findCall(relatedRequestId) : related).notify(method, params)
  }

  // A message that belongs to no request may use the call of any running one, because all are of the same client.
  #findCall (id: RequestId | undefined): SdkCall {
    return this.#waiting.get(id ?? '')?.call ?? [...this.#waiting.values()].at(-1)?.call ?? this.#session
  }

  #answer ({ id = '', result, error }: SdkMessage): void {
    const waiting = this.#waiting.get(id)
    if (error === undefined) return waiting?.resolve(Object(result))
    const { code, message, data } = error
    const Failure = waiting?.isBeingHandedOver === true ? RefusedError : RpcError
    waiting?.reject(new Failure(code, message, data))
  }

  // The SDK does not answer cancelled requests, so reject the request here.
  #cancel (id: RequestId, reason: Error): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.receive({ method: 'notifications/cancelled', params: { requestId: id, reason: givenReason(reason) } })
    waiting.reject(new RpcError(ErrorCode.InternalError, reason.message))
  }
}

async function checkScopes (resolve: ScopeResolver, { message, channel: { auth } }: Incoming): Promise<void> {
  const { id, method, params } = message
  const request = { jsonrpc: '2.0', id, method, params }
  const challenge = await resolve({ request, ...(auth !== undefined && { authInfo: auth }) })
  if (challenge !== undefined) throw new InsufficientScopeError(challenge.scopes)
}

// The error for a client whose server has closed although its session has not ended.
function serverClosed (): SessionGoneError {
  return new SessionGoneError("Session not found: its server has closed; send 'initialize' to open a new one")
}

function createMessageExtra (incoming: Incoming): SdkMessageExtra {
  const { caller, channel } = incoming
  return {
    ...(channel.auth !== undefined && { authInfo: channel.auth }),
    get requestInfo () { return readRequestInfo(channel) },
    get request () { return createWebRequest(incoming).request },
    closeSSEStream: () => channel.closeStream?.(),
    closeStandaloneSSEStream: () => caller.closeListening?.()
  }
}
