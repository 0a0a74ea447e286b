// An SDK v1 server instance as a definition: its handlers and registries serve any number of clients at once.
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { shorten } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { ChangeEvent } from '../../protocol/change.ts'
import type { Params, RequestMessage } from '../../protocol/message.ts'
import { RefusedError } from '../../errors.ts'
import { ChangeSource } from '../../server/change-source.ts'
import type { Caller, Channel } from '../../server/context.ts'
import type { ServerDefinition } from '../../server/definition.ts'
import { ResultFinisher } from '../../server/result.ts'
import type { Entered } from '../../server/server-options.ts'
import { toRpcError } from '../failure.ts'
import { INITIALIZED, notifyServer } from '../notification.ts'
import { SdkCall } from '../sdk-call.ts'
import type { SdkServer, SdkV1Server } from '../shape.ts'
import { follow, serveModern, type ParamHeaders } from '../translate.ts'
import { whileConnected } from '../while-connected.ts'
import { createExtra } from './extra.ts'
import { SharedTransport } from './shared-transport.ts'

/** An SDK v1 server instance as a definition. */
export class SdkInstance implements ServerDefinition {
  readonly info: Implementation
  readonly #server: SdkV1Server
  // Its methods may be overridden.
  readonly #outer: SdkServer
  readonly #shared: SharedTransport
  readonly #finisher: ResultFinisher
  readonly #changes = new ChangeSource()
  readonly #paramHeaders: ParamHeaders = new Map()
  #mounts = 0

  /** @param outer What was mounted: the server itself, or the high-level one around it. */
  constructor (server: SdkV1Server, outer: SdkServer) {
    this.info = server._serverInfo
    this.#server = server
    this.#finisher = new ResultFinisher(server._serverInfo)
    this.#outer = outer
    this.#shared = new SharedTransport(server, (event) => {
      if (event.kind === 'tools') this.#paramHeaders.clear()
      this.#changes.emit(event)
    })
  }

  async enter (): Promise<Entered<unknown>> {
    await this.#shared.open(this.#outer)
    this.#mounts++
    return { value: undefined, close: () => this.#leave() }
  }

  onChange (listener: (event: ChangeEvent) => void): () => void {
    return this.#changes.listen(listener)
  }

  async serve (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    const call = new SdkCall(caller, channel)
    try {
      return await whileConnected(channel, caller.era === 'modern' ? this.#serveModern(message, call) : this.#serveLegacy(message, call))
    } finally {
      call.end()
    }
  }

  async handle (message: RequestMessage, caller: Caller, channel: Channel): Promise<string> {
    return JSON.stringify(await this.serve(message, caller, channel))
  }

  notified (method: string, params: Params, caller: Caller, channel: Channel): void {
    this.#shared.receive(new SdkCall(caller, channel, true), method, params)
  }

  #serveModern (message: RequestMessage, call: SdkCall): Promise<object> {
    const serve = (legacy: RequestMessage): Promise<object> => this.#serveLegacy(legacy, call)
    const ready = (): Promise<void> => this.#shared.run(call, () => notifyServer(this.#server, INITIALIZED, {}))
    return serveModern({ finisher: this.#finisher, serve, ready, paramHeaders: this.#paramHeaders }, message, call.caller, call.channel)
  }

  // The SDK hands a handler the whole message.
  async #serveLegacy (message: RequestMessage, call: SdkCall): Promise<object> {
    const { id, method, params } = message
    const handler = this.#server._requestHandlers.get(method) ?? this.#server.fallbackRequestHandler
    if (handler === undefined) throw new RefusedError(ErrorCode.MethodNotFound, `Method not found: ${shorten(method)}`)
    const extra = createExtra({ server: this.#server, shared: this.#shared, call }, message)
    try {
      const result = await this.#shared.run(call, () => handler({ jsonrpc: '2.0', id, method, params }, extra))
      return follow(message, call.caller, call.conclude(Object(result)))
    } catch (error) {
      throw toRpcError(error, call.channel.log, method)
    }
  }

  async #leave (): Promise<void> {
    if (--this.#mounts === 0) await this.#outer.close()
  }
}
