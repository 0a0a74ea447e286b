// The definition of an SDK v1 server instance: its handlers and registries serve any number of clients at once.
import type { FastifyBaseLogger } from 'fastify'
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { shorten } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { ChangeEvent } from '../../protocol/change.ts'
import type { NotificationMessage, RequestMessage } from '../../protocol/message.ts'
import { RefusedError, RpcError } from '../../errors.ts'
import { ChangeSource } from '../../server/change-source.ts'
import type { Entered, ServerDefinition } from '../../server/definition.ts'
import type { Incoming } from '../../server/call/incoming.ts'
import { toError } from '../../server/call/failure.ts'
import { ResultFinisher } from '../../server/call/result.ts'
import { countMounts } from '../mounts.ts'
import { INITIALIZED, notifyServer } from '../notification.ts'
import { createSessionCall, SdkCall } from '../sdk-call.ts'
import type { SdkServer, SdkV1Server } from '../shape.ts'
import { recordAccepted, serveModern, type ParamHeaders } from '../translate.ts'
import { whileConnected } from '../while-connected.ts'
import { createExtra } from './extra.ts'
import { SharedTransport } from './shared-transport.ts'

/** The definition of an SDK v1 server instance. */
export class SdkInstance implements ServerDefinition {
  readonly info: Implementation
  readonly #server: SdkV1Server
  // Connect and close this one, and not the low-level server, because its methods may be overridden.
  readonly #outer: SdkServer
  readonly #transport: SharedTransport
  readonly #finisher: ResultFinisher
  readonly #changes = new ChangeSource()
  readonly #paramHeaders: ParamHeaders = new Map()
  readonly #enter: () => Entered<undefined>

  /** @param outer The mounted object: the server itself, or the high-level server around it. */
  constructor (server: SdkV1Server, outer: SdkServer) {
    this.info = server._serverInfo
    this.#server = server
    this.#outer = outer
    this.#finisher = new ResultFinisher(server._serverInfo)
    this.#enter = countMounts(() => outer.close())
    this.#transport = new SharedTransport(server, (event) => {
      if (event.kind === 'tools') this.#paramHeaders.clear()
      this.#changes.emit(event)
    })
  }

  async enter (): Promise<Entered<undefined>> {
    await this.#transport.open(this.#outer)
    return this.#enter()
  }

  onChange (listener: (event: ChangeEvent) => void): () => void {
    return this.#changes.listen(listener)
  }

  async serve (incoming: Incoming): Promise<object> {
    const call = new SdkCall(incoming)
    try {
      const isModern = incoming.caller.era === 'modern'
      const serving = isModern ? this.#serveModern(incoming, call) : this.#serveLegacy(incoming.message, call)
      return await whileConnected(incoming.channel, serving)
    } finally {
      call.end()
    }
  }

  notified ({ message, ...origin }: Incoming<NotificationMessage>): void {
    this.#transport.receive(createSessionCall(origin), message)
  }

  #serveModern (incoming: Incoming, call: SdkCall): Promise<object> {
    const serve = (legacy: RequestMessage): Promise<object> => this.#serveLegacy(legacy, call)
    const ready = (): Promise<void> => this.#transport.run(call, () => notifyServer(this.#server, INITIALIZED, {}))
    return serveModern({ finisher: this.#finisher, serve, ready, paramHeaders: this.#paramHeaders }, incoming)
  }

  // Like the SDK, this passes the whole message to the handler.
  async #serveLegacy (message: RequestMessage, call: SdkCall): Promise<object> {
    const { id, method, params } = message
    const handler = this.#server._requestHandlers.get(method) ?? this.#server.fallbackRequestHandler
    if (handler === undefined) throw new RefusedError(ErrorCode.MethodNotFound, `Method not found: ${shorten(method)}`)
    const extra = createExtra({ server: this.#server, transport: this.#transport, call }, message)
    try {
      const result = await this.#transport.run(call, () => handler({ jsonrpc: '2.0', id, method, params }, extra))
      const { caller, channel } = call
      return await recordAccepted({ message, caller, channel }, call.conclude(Object(result)))
    } catch (error) {
      throw toWireError(error, call.channel.log, method)
    }
  }
}

// Creates the RpcError for an error that a handler threw, with the code and message that the SDK would send.
function toWireError (error: unknown, log: FastifyBaseLogger, method: string): RpcError {
  if (error instanceof RpcError) return error
  const { code, message, data } = Object(error) as Partial<Record<keyof RpcError, unknown>>
  const text = typeof message === 'string' ? message : 'Internal error'
  if (Number.isSafeInteger(code)) return new RpcError(Number(code), text, data)
  log.warn({ err: error }, `${shorten(method)} failed in an SDK server`)
  return new RpcError(ErrorCode.InternalError, text, data, { cause: toError(error) })
}
