// The transport of an SDK v1 server that many clients share. Messages of the server go to the client of the running
// request. The server cannot store anything about a client, because other clients would see it (GHSA-345p-7cg4-v4c7).
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js'
import { doNothing } from '../../do-nothing.ts'
import type { ChangeEvent } from '../../protocol/change.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { NotificationMessage, WireObject } from '../../protocol/message.ts'
import type { Caller } from '../../server/call/incoming.ts'
import { MCP_ERR_INVALID_SERVER, RpcError } from '../../errors.ts'
import { AskedQuestions } from '../asked.ts'
import type { SdkCall } from '../sdk-call.ts'
import type { SendOptions, SdkMessage, SdkServer, SdkTransport, SdkV1Server } from '../shape.ts'

const CHANGED_LISTS: ReadonlyMap<string, ChangeEvent> = new Map([
  ['notifications/tools/list_changed', { kind: 'tools' }],
  ['notifications/prompts/list_changed', { kind: 'prompts' }],
  ['notifications/resources/list_changed', { kind: 'resources' }]
])

/** The transport of an SDK v1 server that many clients share. */
export class SharedTransport implements SdkTransport {
  onmessage?: (message: SdkMessage) => void
  onclose?: () => void
  onerror?: (error: Error) => void
  readonly #server: SdkV1Server
  readonly #onChange: (event: ChangeEvent) => void
  readonly #running = new AsyncLocalStorage<SdkCall>()
  #isOpen = false
  readonly #asked = new AskedQuestions((message) => this.onmessage?.(message))

  /** @param onChange Called when a list or a resource has changed, which concerns all clients. */
  constructor (server: SdkV1Server, onChange: (event: ChangeEvent) => void) {
    this.#server = server
    this.#onChange = onChange
    const running = (): SdkCall | undefined => this.#running.getStore()
    const { elicitInput, createMessage, createElicitationCompletionNotifier: createNotifier } = server
    const asking = (method: string, ask: typeof createMessage): PropertyDescriptor => (
      { value: this.#whileRunning(method, ask), configurable: true }
    )
    Object.defineProperties(server, {
      _clientCapabilities: { get: () => readCapabilities(running()?.caller), set: doNothing, configurable: true },
      _clientVersion: { get: () => running()?.caller.client.info, set: doNothing, configurable: true },
      // Sessions keep the log levels, so the server must not.
      _loggingLevels: { value: new EmptyMap(), configurable: true },
      // Before they ask, these methods of the SDK look up the client's capabilities, which need a running request.
      ...(elicitInput !== undefined && { elicitInput: asking('elicitation/create', elicitInput) }),
      createMessage: asking('sampling/createMessage', createMessage),
      ...(createNotifier !== undefined && {
        createElicitationCompletionNotifier: { value: this.#bound(createNotifier), configurable: true }
      })
    })
  }

  get sessionId (): string | undefined { return this.#running.getStore()?.caller.sessionId }

  /**
   * Connects the server.
   * @param outer The mounted object: the server itself, or the high-level server around it.
   * @throws MCP_ERR_INVALID_SERVER if it has another transport.
   */
  async open (outer: SdkServer): Promise<void> {
    if (this.#isOpen) return
    if (this.#server.transport !== undefined) {
      throw new MCP_ERR_INVALID_SERVER('is an SDK server that is connected to another transport')
    }
    await outer.connect(this)
    this.#isOpen = true
  }

  async start (): Promise<void> {}

  async close (): Promise<void> {
    this.#isOpen = false
    this.#asked.abandon()
    this.onclose?.()
    // If these listeners stayed, the SDK would call them in addition to new ones when it connects again.
    delete this.onmessage
    delete this.onclose
    delete this.onerror
  }

  /** Runs a function that serves a request. Messages that the server sends meanwhile go to the request's client. */
  run<T> (call: SdkCall, serve: () => T): T {
    return this.#running.run(call, serve)
  }

  /** Passes on a client's notification. */
  receive (call: SdkCall, { method, params }: NotificationMessage): void {
    // A client must not report progress on a question that another client was asked.
    if (method === 'notifications/progress' && !this.#asked.isAskedOf(Number(params.progressToken), call.caller)) return
    this.run(call, () => this.onmessage?.({ jsonrpc: '2.0', method, params }))
  }

  /** Called by the server to send a message. */
  async send ({ id, method = '', params = {} }: SdkMessage, { relatedRequestId }: SendOptions = {}): Promise<void> {
    const call = this.#running.getStore()
    if (id === undefined && method === 'notifications/cancelled') return this.#asked.cancel(params.requestId)
    if (id === undefined && relatedRequestId === undefined && this.#publish(method, params)) return
    if (call === undefined) throw noRequest(method)
    if (id === undefined) await call.notify(method, params)
    else this.#asked.ask(call, id, { method, params })
  }

  #whileRunning (method: string, ask: (...args: unknown[]) => Promise<unknown>) {
    return async (...args: unknown[]): Promise<unknown> => {
      const call = this.#running.getStore()
      if (call === undefined) throw noRequest(method)
      const missing = call.findMissing({ method, params: Object(args[0]) })
      if (missing !== undefined) throw missing
      return await ask.apply(this.#server, args)
    }
  }

  // A notifier that is created in a call notifies that call's client, whenever it is used.
  #bound (create: (...args: unknown[]) => () => Promise<void>) {
    return (...args: unknown[]): (() => Promise<void>) => {
      const call = this.#running.getStore()
      if (call === undefined) throw noRequest('notifications/elicitation/complete')
      const notify = create.apply(this.#server, args)
      return () => this.run(call, notify)
    }
  }

  // Publishes a change to all clients. Returns false if the notification is not about a change.
  #publish (method: string, { uri }: WireObject): boolean {
    const isUpdate = method === 'notifications/resources/updated' && typeof uri === 'string'
    const changed: ChangeEvent | undefined = isUpdate ? { kind: 'resource', uri } : CHANGED_LISTS.get(method)
    if (changed !== undefined) this.#onChange(changed)
    return changed !== undefined
  }
}

/** A map that stays empty, so that the server keeps no log levels of clients. */
class EmptyMap extends Map<string | undefined, string> {
  override set (): this { return this }
}

// Like the SDK, this treats an `elicitation` capability without modes as that of forms.
function readCapabilities (caller: Caller | undefined): ClientCapabilities | undefined {
  const capabilities = caller?.client.capabilities
  const { elicitation } = capabilities ?? {}
  const namesNoMode = elicitation !== undefined && Object.keys(elicitation).length === 0
  return namesNoMode ? { ...capabilities, elicitation: { form: {} } } : capabilities
}

function noRequest (method: string): RpcError {
  return new RpcError(
    ErrorCode.InternalError,
    `${method} was sent outside of any request by a server that many clients share, so it is unknown which client ` +
    'it is for; send it from a handler with its second argument (extra.sendNotification, extra.sendRequest), or ' +
    'mount a factory () => server, which gives each session a server of its own'
  )
}
