// Writes down every call, whether it was served or refused.
import type { FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { duration, flag, kindOf, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import { Method } from '../protocol/methods.ts'
import { refusals, requests } from '../telemetry/channels.ts'
import type { Principal, RefusalEvent, RequestEvent, RequestOutcome, SenderEvent } from '../telemetry/events.ts'
import { ofApp, targetOf } from '../telemetry/read-event.ts'
import { AuditQueue } from './audit-queue.ts'

/** One call, for the audit log. Members that are unknown are absent. */
export interface AuditEntry {
  /** When the call began, or was refused, in milliseconds since the epoch. */
  readonly time: number
  /** The mount's name in `app.mcp`. */
  readonly mount: string
  /** What carried the call. `host` is the app's own code. */
  readonly transport: 'http' | 'stdio' | 'host'
  /** The method, such as `tools/call`. */
  readonly method?: string
  /** The tool, prompt or URI, as the client wrote it. */
  readonly target?: string
  /** The user and the client that the token of the caller names. */
  readonly principal?: Principal
  /** A digest of the session's id. */
  readonly session?: string
  /** The address of the caller: `request.ip`. */
  readonly address?: string
  /** The id of the HTTP request, as in the app's log. */
  readonly reqId?: string
  /** The self-reported name of the client. */
  readonly client?: string
  /** How it ended. Calls that no server has seen are `refused`, too. */
  readonly outcome: RequestOutcome
  /** How many milliseconds it took; absent if no server has seen it. */
  readonly duration?: number
  /** Why it failed or was refused. */
  readonly error?: string
  /** The HTTP status of a call that no server has seen. */
  readonly status?: number
  /** The arguments, if the option `arguments` is set. */
  readonly arguments?: unknown
}

/** Writes one entry down. It gets one entry at a time, in their order; a rejection makes it get the entry again. */
export type WriteAudit = (entry: AuditEntry) => unknown

/** Options of {@link audit}. */
export interface AuditOptions {
  /** The methods that are written down. Refused requests always are. @default calls, reads and prompts */
  readonly methods?: readonly string[]
  /** Whether entries have the arguments of calls, which may be confidential. @default false */
  readonly arguments?: boolean
  /** How many entries wait for the writer. Beyond it, new ones are dropped, which the log says. @default 10000 */
  readonly maxQueued?: number
  /** Milliseconds after which a writer that has not ended counts as failed; 0 for never. @default 10000 */
  readonly timeout?: number
  /** Milliseconds until an entry that could not be written is tried again. @default 1000 */
  readonly retryDelay?: number
}

const AUDIT = {
  methods: kindOf<readonly string[]>("must be an array of methods, such as ['tools/call']",
    (value) => Array.isArray(value) && value.every((method) => typeof method === 'string'))(
    [Method.ToolsCall, Method.ResourcesRead, Method.PromptsGet]),
  arguments: flag(false),
  maxQueued: whole(10_000),
  timeout: duration(10_000),
  retryDelay: duration(1000)
} satisfies TableOf<AuditOptions>

/**
 * Creates a plugin that writes down every call of all mounts of an app: served, failed and refused ones, also those
 * that `auth` or the check of `Host` has refused. No call waits for the writer, or fails with it. When the app closes,
 * the entries that wait are written once more, until the writer fails.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example app.register(audit((entry) => { console.log(JSON.stringify(entry)) }))
 */
export function audit (write: WriteAudit, options: AuditOptions = {}): FastifyPluginCallback {
  if (typeof write !== 'function') throw new MCP_ERR_INVALID_OPTION('audit.write', 'must be a function (entry) => …')
  const { methods, arguments: withArguments, ...settings } = resolve(AUDIT, options, 'audit.')
  const isWritten = new Set<string>(methods)

  return fp(function mcpAudit (app, _options, done) {
    const queue = new AuditQueue(write, settings, app.log)
    const isOurs = ofApp(app)
    const asyncEnd = (event: RequestEvent): void => {
      if (isOurs(event) && isWritten.has(event.method)) queue.add(describeRequest(event, withArguments))
    }
    // The channel has these messages.
    const refused = (event: unknown): void => {
      if (isOurs(event as RefusalEvent)) queue.add(describeRefusal(event as RefusalEvent))
    }
    requests.asyncEnd.subscribe(asyncEnd as (event: unknown) => void)
    refusals.subscribe(refused)
    app.addHook('onClose', async () => {
      requests.asyncEnd.unsubscribe(asyncEnd as (event: unknown) => void)
      refusals.unsubscribe(refused)
      await queue.close()
    })
    done()
  }, { name: 'fastify-mcp-mount-audit', fastify: '5.x' })
}

function describeRequest (event: RequestEvent, withArguments: boolean): AuditEntry {
  const { startTime, method, client, outcome = 'crash', duration, error, params } = event
  const target = targetOf(event)
  return {
    time: startTime,
    ...describeSender(event),
    method,
    ...(target !== undefined && { target }),
    ...(client !== undefined && { client: client.name }),
    outcome,
    ...(duration !== undefined && { duration }),
    ...(error instanceof Error && { error: error.message }),
    ...(withArguments && params['arguments'] !== undefined && { arguments: params['arguments'] })
  }
}

function describeRefusal (event: RefusalEvent): AuditEntry {
  const { method, target, status, message } = event
  return {
    time: Date.now(),
    ...describeSender(event),
    ...(method !== undefined && { method }),
    ...(target !== undefined && { target }),
    outcome: 'refused',
    error: message,
    status
  }
}

function describeSender (
  { mount, transport, session, principal, request, reqId }: SenderEvent
): Pick<AuditEntry, 'mount' | 'transport' | 'session' | 'principal' | 'address' | 'reqId'> {
  return {
    mount,
    transport,
    ...(session !== undefined && { session }),
    ...(principal !== undefined && { principal }),
    ...(request !== undefined && { address: request.ip }),
    ...(reqId !== undefined && { reqId })
  }
}
