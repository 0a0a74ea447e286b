// Sends messages to a handler with `fetch`, each as a web `Request`, and reads the messages of its responses.
import { doNothing } from '../../do-nothing.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { isWireObject, parseJson, type RequestId, type RequestMessage } from '../../protocol/message.ts'
import { isQuestion, type ServerRequest } from '../../protocol/question.ts'
import { isScope } from '../../protocol/scope.ts'
import { Method } from '../../protocol/methods.ts'
import { InsufficientScopeError, RefusedError, RpcError } from '../../errors.ts'
import { publishQuestions } from '../../server/call/question-events.ts'
import { SdkCall, type Origin } from '../sdk-call.ts'
import type { FetchHandler, SdkMessage } from '../shape.ts'
import { createWebRequest } from '../web-request.ts'

/** One client's messages to a handler. */
export class FetchExchange {
  readonly #handler: FetchHandler
  readonly #origin: Origin
  readonly #controller = new AbortController()
  // The signal of a garbage-collected Request is never aborted (nodejs/undici#3644), and a handler may keep only the
  // signal. So keep the requests.
  readonly #requests: Request[] = []
  #sessionId: string | undefined

  /** @param sessionId The id of the session that the handler has already opened, if it has sessions. */
  constructor (handler: FetchHandler, { caller, channel }: Origin, sessionId?: string) {
    this.#handler = handler
    this.#origin = { caller, channel }
    this.#sessionId = sessionId
    channel.onDisconnect((reason) => this.#controller.abort(reason))
    channel.onEnd?.(() => this.#controller.abort())
  }

  /** The id of the session that the handler has opened. */
  get sessionId (): string | undefined { return this.#sessionId }

  /** Serves one request, and relays the messages before its answer. @throws RpcError, or what the handler threw */
  async serve (message: RequestMessage): Promise<object> {
    const listens = message.method === Method.SubscriptionsListen
    if (listens && this.#origin.channel.canListen !== true) {
      throw new RefusedError(ErrorCode.MethodNotFound, `Method not found: ${message.method}`)
    }
    try {
      const response = await this.send(message)
      checkScopes(response)
      const messages = readMessages(response)
      if (listens) return await this.#readAcknowledgement(messages, response)
      return withPublished(await this.#readResult(messages, response), this.#origin)
    } catch (error) {
      // An error of a handler that was aborted is not a failure.
      throw this.#controller.signal.aborted ? new RpcError(ErrorCode.InternalError, 'The client has left') : error
    }
  }

  /** Sends one message of any kind. */
  async send (message: object): Promise<Response> {
    const { request, body } = createWebRequest({ message, ...this.#origin }, this.#controller.signal)
    this.#requests.push(request)
    if (this.#sessionId !== undefined) request.headers.set('mcp-session-id', this.#sessionId)
    const { auth } = this.#origin.channel
    const known = { parsedBody: body, ...(auth !== undefined && { authInfo: auth }) }
    const response = await this.#handler.fetch(request, known)
    this.#sessionId = response.headers.get('mcp-session-id') ?? this.#sessionId
    return response
  }

  async #readResult (messages: AsyncGenerator<SdkMessage>, response: Response): Promise<object> {
    for await (const message of messages) {
      const { id, method, params = {} } = message
      if (method === undefined) return resultOf(message, response)
      if (id === undefined) this.#origin.channel.notify(method, params)
      else this.#ask(id, { method, params })
    }
    throw new RpcError(ErrorCode.InternalError, "the server's fetch ended its response without a result")
  }

  // After the acknowledgement, the handler sends changes on this stream.
  async #readAcknowledgement (messages: AsyncGenerator<SdkMessage>, response: Response): Promise<object> {
    const { value: first } = await messages.next()
    if (first?.method !== 'notifications/subscriptions/acknowledged') return resultOf(first ?? {}, response)
    this.#readResult(messages, response).catch(doNothing)
    return { notifications: first.params?.notifications }
  }

  #ask (id: RequestId, request: ServerRequest): void {
    new SdkCall(this.#origin).ask(request, this.#controller.signal).then(
      (result) => ({ result }),
      // SdkCall.ask rejects with nothing else.
      ({ code, message, data }: RpcError) => ({ error: { code, message, data } })
    ).then((answer) => this.send({ id, ...answer }))
      .catch((err) => {
        this.#origin.channel.log.warn({ err }, `the answer to ${request.method} could not be delivered`)
      })
  }
}

// A modern client gets its questions in a result.
function withPublished (result: object, origin: Origin): object {
  const { inputRequests } = result as { readonly inputRequests?: unknown }
  if (origin.caller.era === 'legacy' || !isWireObject(inputRequests)) return result
  // The server may leave out the parameters of `roots/list`.
  const asked = Object.entries(inputRequests)
    .map(([key, question]) => [key, { params: {}, ...Object(question) }] as const)
    .filter(([, question]) => isQuestion(question))
  const questions = Object.fromEntries(asked)
  return { ...result, inputRequests: { ...inputRequests, ...publishQuestions(origin, questions) } }
}

// An error status means that the handler refused the request; otherwise a tool or the like returned the error.
function resultOf ({ result, error }: SdkMessage, { ok }: Response): object {
  if (error === undefined) return Object(result)
  const { code, message, data } = error
  throw ok ? new RpcError(code, message, data) : new RefusedError(code, message, data)
}

// RFC 6750 3: the SDK's handlers answer a request that lacks scopes without a JSON-RPC message.
function checkScopes ({ status, headers }: Response): void {
  const challenge = headers.get('www-authenticate')
  if (status !== 403 || challenge === null || !/\berror="insufficient_scope"/.test(challenge)) return
  const scopes = /\bscope="([^"]+)"/.exec(challenge)?.[1]?.split(' ').filter(isScope) ?? []
  if (scopes.length > 0) throw new InsufficientScopeError(scopes)
}

async function * readMessages (response: Response): AsyncGenerator<SdkMessage> {
  if (response.body !== null && response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    // The parser is loaded on first use, because most mounts do not need it.
    const { EventSourceParserStream } = await import('eventsource-parser/stream')
    const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
    for await (const { data } of events) {
      if (data !== '') yield parse(data, response)
    }
  } else {
    yield parse(await response.text(), response)
  }
}

function parse (text: string, { status }: Response): SdkMessage {
  const message = parseJson(text)
  // Each field is checked where it is used.
  if (isWireObject(message)) return message as unknown as SdkMessage
  const problem = `the server's fetch answered with status ${status} and no JSON-RPC message`
  throw new RpcError(ErrorCode.InternalError, problem)
}
