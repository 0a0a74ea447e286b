// Logs a line for each call, each refusal and each message of one mount. Only loaded if a mount logs its calls.
import type { FastifyBaseLogger } from 'fastify'
import { MCP_ERR_INVALID_OPTION } from '../../errors.ts'
import { messages, refusals, requests } from '../channels.ts'
import type { MountIdentity, RefusalEvent, RequestEvent, SenderEvent, WireEvent } from '../events.ts'
import { ofMount, targetOf } from '../read-event.ts'
import { describeCall, describeRefusal } from './call-lines.ts'
import { describeMessages, type Line } from './message-lines.ts'
import type { ResolvedCallLog } from './options.ts'
import { createRedaction } from './redaction.ts'

/**
 * Logs a line for each call and each refusal from now on, and for each message while the level is `trace`. Returns a
 * function that ends this.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function startCallLog (
  identity: MountIdentity, log: FastifyBaseLogger, { level, arguments: showsArguments, bodies, redact }: ResolvedCallLog
): () => void {
  // A level that the logger does not have would lose every line.
  if (typeof Object(log)[level] !== 'function') {
    throw new MCP_ERR_INVALID_OPTION('log', `has a 'level' that the app's logger does not have: ${level}`)
  }
  const { ofArguments, ofMessage } = createRedaction('log', redact)
  const readArguments = showsArguments ? ofArguments : undefined
  const readBody = bodies ? ofMessage : undefined
  const isOwn = ofMount(identity)

  const onCall = (message: unknown): void => {
    // The channel has no other messages.
    const event = message as RequestEvent
    // Clients send requests of other methods on their own.
    if (isOwn(event) && targetOf(event) !== undefined) write(event, level, () => [describeCall(event, readArguments)])
  }
  const onRefusal = (message: unknown): void => {
    // The channel has no other messages.
    const event = message as RefusalEvent
    // A refusal about which the operator can do something is a warning.
    if (isOwn(event)) write(event, event.advice === undefined ? level : 'warn', () => [describeRefusal(event)])
  }
  const onMessage = (message: unknown): void => {
    // The channel has no other messages.
    const event = message as WireEvent
    // The level of a logger may change at any time.
    if (isOwn(event) && isTracing(event.request?.log ?? log)) {
      write(event, 'trace', () => describeMessages(event, readBody))
    }
  }

  // A logger that fails must not reach Node.js, which would end the process.
  function write ({ request }: Pick<SenderEvent, 'request'>, level: string, describe: () => readonly Line[]): void {
    try {
      const logger = request?.log ?? log
      // The app may have added the level.
      const method = level as 'info'
      for (const [fields, text] of describe()) logger[method]({ mcp: identity.mount, ...fields }, text)
    } catch {}
  }

  const listeners = [[requests.asyncEnd, onCall], [refusals, onRefusal], [messages, onMessage]] as const
  for (const [channel, listener] of listeners) channel.subscribe(listener)
  return function endCallLog () {
    for (const [channel, listener] of listeners) channel.unsubscribe(listener)
  }
}

// Loggers other than pino have only the property.
function isTracing (logger: FastifyBaseLogger): boolean {
  const { isLevelEnabled, level } = logger as FastifyBaseLogger & { isLevelEnabled? (level: string): boolean }
  return isLevelEnabled?.call(logger, 'trace') ?? level === 'trace'
}
