// Calls a definition without a transport, and collects what it sends and what the app logs.
import { mock } from 'node:test'
import type { FastifyBaseLogger } from 'fastify'
import { RpcError } from '../../lib/errors.ts'
import type { LogLevel } from '../../lib/protocol/log-level.ts'
import type { RequestMessage } from '../../lib/protocol/message.ts'
import type { Era } from '../../lib/protocol/revisions.ts'
import { Call } from '../../lib/server/call/call.ts'
import type { ServerRequest } from '../../lib/protocol/question.ts'
import type { Caller, Channel } from '../../lib/server/call/incoming.ts'
import { Deadlines } from '../../lib/server/call/deadlines.ts'
import { createFormCompiler } from '../../lib/server/schema/form.ts'
import type { ServerDefinition } from '../../lib/server/definition.ts'
import { McpServer } from '../../lib/server/mcp-server.ts'
import { encodeReply } from '../../lib/server/call/result.ts'
import type { RequestContext } from '../../lib/server/call/request-context.ts'
import { StateSealer } from '../../lib/server/call/request-state.ts'
import type { McpServerOptions } from '../../lib/server/options.ts'

export type Params = { readonly [key: string]: unknown }

/** The answer to a request, as on the wire. */
export type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number, readonly message: string, readonly data?: unknown } }

/** One line of the app's log. */
export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly err?: Error
  readonly errorId?: string
  readonly [field: string]: unknown
}

export interface ClientOptions {
  readonly era?: Era
  readonly logLevel?: LogLevel
  readonly lifespan?: unknown
  readonly capabilities?: Caller['client']['capabilities']
  readonly principal?: string
  /** How a legacy client answers questions. Without it, the channel cannot ask. */
  readonly answer?: (question: ServerRequest, timeout: number, signal: AbortSignal) => unknown
  /** Further members of its channel. */
  readonly channel?: Partial<Channel>
}

/** A client of one era. */
export class Client {
  readonly sent: Array<{ readonly method: string, readonly params: unknown }> = []
  readonly logged: LogLine[] = []
  /** The resources for which a context of {@link createContext} notified a change. */
  readonly updated: string[] = []
  readonly log: FastifyBaseLogger
  readonly caller: Caller
  readonly channel: Channel
  /** The questions that it was asked in the middle of a request. */
  readonly asked: ServerRequest[] = []
  readonly #disconnectListeners: Array<(reason: Error) => void> = []

  constructor (
    { era = 'modern', logLevel, lifespan, capabilities = {}, principal, answer, channel }: ClientOptions = {}
  ) {
    this.log = createLog(this.logged)
    const caller =
      era === 'modern' ? createModernCaller(logLevel, capabilities) : createLegacyCaller(logLevel, capabilities)
    this.caller = principal === undefined ? caller : { ...caller, principal }
    this.channel = {
      log: this.log,
      lifespan,
      takesJson: true,
      notify: (method, params) => { this.sent.push(JSON.parse(JSON.stringify({ method, params }))) },
      onDisconnect: (listener) => { this.#disconnectListeners.push(listener) },
      ...(answer !== undefined && {
        ask: async (question, timeout, signal) => {
          this.asked.push(JSON.parse(JSON.stringify(question)))
          return answer(question, timeout, signal)
        }
      }),
      ...channel
    }
  }

  /** Disconnects. */
  disconnect (): void {
    for (const listener of this.#disconnectListeners) listener(new Error('The client closed the connection'))
  }

  /** Sends a request, and resolves to the answer. */
  async ask (server: ServerDefinition, method: string, params: Params = {}): Promise<Answer> {
    try {
      const message = createMessage(method, params)
      const outcome = await server.serve({ message, caller: this.caller, channel: this.channel })
      return { result: JSON.parse(encodeReply(outcome, message.id)).result }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      const { code, message, data } = error
      return { error: { code, message, ...(data !== undefined && { data }) } }
    }
  }

  /** Calls a tool, and resolves to the answer. */
  callTool (server: ServerDefinition, name: string, args?: Params, _meta?: Params): Promise<Answer> {
    return this.ask(server, 'tools/call', {
      name,
      ...(args !== undefined && { arguments: args }),
      ...(_meta !== undefined && { _meta })
    })
  }

  /** Creates the call of a request of this client, for code below the server. */
  createCall (
    params: Params = {}, { method = 'tools/call', caller = this.caller, timeout = 0, exposeErrors = false } = {}
  ): Call {
    return new Call({ message: createMessage(method, params), caller, channel: this.channel }, {
      deadlines: new Deadlines(),
      sealer: new StateSealer('Notes'),
      compileForm: createFormCompiler(),
      questionTimeout: 1000,
      timeout,
      exposeErrors,
      readResource: async (uri) => ({ contents: [{ uri, text: 'read' }] }),
      resourceUpdated: (uri) => { this.updated.push(uri) },
      findTool: () => undefined,
      admit: async () => {}
    })
  }

  /** Creates the context of a request of this client. */
  createContext (method = 'tools/call', params: Params = {}): RequestContext {
    return this.createCall(params, { method }).ctx
  }
}

/** Creates a client whose token has these scopes. */
export function createScoped (scopes: readonly string[], options: ClientOptions = {}): Client {
  const auth = { token: 'token', clientId: 'client', scopes: [...scopes] }
  return new Client({ ...options, channel: { ...options.channel, auth } })
}

/** Creates an empty definition named Notes. */
export function createNotes (options?: McpServerOptions<unknown>): McpServer<unknown> {
  return new McpServer({ name: 'Notes', version: '1.0.0' }, options)
}

/** Returns a modern answer of {@link createNotes}. */
export function complete (result: object): Answer {
  return {
    result: {
      ...result,
      resultType: 'complete',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'Notes', version: '1.0.0' } }
    }
  }
}

/** Returns the answer of a tool that returns a text. */
export function said (text: string): Answer {
  return complete({ content: [{ type: 'text', text }] })
}

/** Returns the answer of a tool that failed. */
export function failed (text: string): Answer {
  return complete({ content: [{ type: 'text', text }], isError: true })
}

/** Returns an error as on the wire. */
export function refused (code: number, message: string, data?: unknown): Answer {
  return { error: { code, message, ...(data !== undefined && { data }) } }
}

/** Stops the clock of a test, and returns a function that lets milliseconds pass. */
export function stopClock (t: { teardown (end: () => void): unknown }): (milliseconds: number) => void {
  const { clearTimeout: clearReal } = globalThis
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const { clearTimeout: clearMocked } = globalThis
  // fetch has started timers for connections that may close now. A timer that is not cleared throws when it expires.
  globalThis.clearTimeout = (timer) => {
    clearReal(timer)
    clearMocked(timer)
  }
  t.teardown(() => mock.timers.reset())
  return (milliseconds) => mock.timers.tick(milliseconds)
}

/** Returns a value with a wrong type, as callers without types may pass it. */
export function untyped<T> (value: unknown): T {
  return value as T
}

/** A handler for calls that should be refused before. */
export function mustNotRun (): never {
  throw new Error('must not run')
}

export function createMessage (method: string, params: Params = {}): RequestMessage {
  return { id: 1, method, params }
}

function createModernCaller (logLevel: LogLevel | undefined, capabilities: Caller['client']['capabilities']): Caller {
  return {
    era: 'modern',
    protocolVersion: '2026-07-28',
    client: { info: { name: 'Ann', version: '2' }, capabilities },
    logLevel
  }
}

function createLegacyCaller (first: LogLevel = 'debug', capabilities: Caller['client']['capabilities']): Caller {
  let level = first
  return {
    era: 'legacy',
    protocolVersion: '2025-11-25',
    client: { info: { name: 'Bob', version: '1' }, capabilities },
    sessionId: 'session-1',
    get logLevel () { return level },
    setLogLevel (chosen) { level = chosen }
  }
}

function createLog (lines: LogLine[]): FastifyBaseLogger {
  const at = (level: string) => (fields: object, msg = ''): void => { lines.push({ ...fields, level, msg }) }
  const log = {
    level: 'trace',
    fatal: at('fatal'),
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    trace: at('trace'),
    silent () {},
    child: () => log
  }
  return log
}
