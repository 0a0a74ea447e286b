// The transport of an SDK v1 server that many clients share. What the server sends goes to the client of the running
// request, and what it would keep of a client is kept out of it (GHSA-345p-7cg4-v4c7 says what happens otherwise).
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

  /** @param onChange Called when something has changed for all clients. */
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
      // Sessions keep the levels.
      _loggingLevels: { value: new ForgetfulMap(), configurable: true },
      // The SDK looks for a client before these ask one.
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
   * @param outer What was mounted: the server itself, or the high-level one around it.
   * @throws MCP_ERR_INVALID_SERVER when it has another transport.
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
    // When the SDK connects again, it calls the listeners that it finds here beside its own, so each would run twice.
    delete this.onmessage
    delete this.onclose
    delete this.onerror
  }

  /** Runs what serves a request: whatever the server sends meanwhile goes to that request's client. */
  run<T> (call: SdkCall, serve: () => T): T {
    return this.#running.run(call, serve)
  }

  /** Passes on a client's notification. */
  receive (call: SdkCall, { method, params }: NotificationMessage): void {
    // A client must not report progress of what another one was asked.
    if (method === 'notifications/progress' && !this.#asked.isAskedOf(Number(params.progressToken), call.caller)) return
    this.run(call, () => this.onmessage?.({ jsonrpc: '2.0', method, params }))
  }

  /** Called by the server to send a message. */
  async send ({ id, method = '', params = {} }: SdkMessage, { relatedRequestId }: SendOptions = {}): Promise<void> {
    const call = this.#running.getStore()
    if (id === undefined && method === 'notifications/cancelled') return this.#asked.cancel(params.requestId)
    if (id === undefined && relatedRequestId === undefined && this.#tellAll(method, params)) return
    if (call === undefined) throw nobody(method)
    if (id === undefined) await call.notify(method, params)
    else this.#asked.ask(call, id, { method, params })
  }

  #whileRunning (method: string, ask: (...args: unknown[]) => Promise<unknown>) {
    return async (...args: unknown[]): Promise<unknown> => {
      const call = this.#running.getStore()
      if (call === undefined) throw nobody(method)
      const missing = call.findMissing({ method, params: Object(args[0]) })
      if (missing !== undefined) throw missing
      return await ask.apply(this.#server, args)
    }
  }

  // A notifier that is created in a call notifies that call's client, whenever it is used.
  #bound (create: (...args: unknown[]) => () => Promise<void>) {
    return (...args: unknown[]): (() => Promise<void>) => {
      const call = this.#running.getStore()
      if (call === undefined) throw nobody('notifications/elicitation/complete')
      const notify = create.apply(this.#server, args)
      return () => this.run(call, notify)
    }
  }

  #tellAll (method: string, { uri }: WireObject): boolean {
    const isUpdate = method === 'notifications/resources/updated' && typeof uri === 'string'
    const changed: ChangeEvent | undefined = isUpdate ? { kind: 'resource', uri } : CHANGED_LISTS.get(method)
    if (changed !== undefined) this.#onChange(changed)
    return changed !== undefined
  }
}

/** The levels that clients have set: none, because the instance has no client of its own. */
class ForgetfulMap extends Map<string | undefined, string> {
  override set (): this { return this }
}

// As the SDK reads them: a client that names no mode has that of forms.
function readCapabilities (caller: Caller | undefined): ClientCapabilities | undefined {
  const capabilities = caller?.client.capabilities
  const { elicitation } = capabilities ?? {}
  const namesNoMode = elicitation !== undefined && Object.keys(elicitation).length === 0
  return namesNoMode ? { ...capabilities, elicitation: { form: {} } } : capabilities
}

function nobody (method: string): RpcError {
  return new RpcError(
    ErrorCode.InternalError,
    `${method} was sent outside of any request, by a server that many clients share, so there is nobody to send it ` +
    'to; send it from a handler by its second argument (extra.sendNotification, extra.sendRequest), or mount a ' +
    'factory () => server, which gives each session a server of its own'
  )
}
