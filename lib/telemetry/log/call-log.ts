// Logs a line for each call and each refusal of one mount. Only loaded if a mount logs its calls.
import type { FastifyBaseLogger } from 'fastify'
import { MCP_ERR_INVALID_OPTION } from '../../errors.ts'
import { shorten } from '../../protocol/bounds.ts'
import { refusals, requests } from '../channels.ts'
import type { MountIdentity, RefusalEvent, RequestEvent, SenderEvent } from '../events.ts'
import type { ResolvedCallLog } from './options.ts'
import { createRedaction } from './redaction.ts'

/** A line of the log: its fields, and its text. */
type Line = readonly [fields: object, text: string]

/** Logs a line for each call and each refusal from now on. Returns what ends this. @throws MCP_ERR_INVALID_OPTION */
export function startCallLog (
  identity: MountIdentity, log: FastifyBaseLogger, { level, arguments: showsArguments, redact }: ResolvedCallLog
): () => void {
  // A level that the logger does not have would lose every line.
  if (typeof Object(log)[level] !== 'function') {
    throw new MCP_ERR_INVALID_OPTION('log', `has a 'level' that the app's logger does not have: ${level}`)
  }
  const readArguments = showsArguments ? createRedaction(redact) : undefined

  const onCall = (message: unknown): void => {
    // The channel has no other messages.
    const event = message as RequestEvent
    if (isOwn(event) && targetOf(event) !== undefined) write(event, level, () => describeCall(event, readArguments))
  }
  const onRefusal = (message: unknown): void => {
    // The channel has no other messages.
    const event = message as RefusalEvent
    // A refusal about which the operator can do something is a warning.
    if (isOwn(event)) write(event, event.advice === undefined ? level : 'warn', () => describeRefusal(event))
  }

  function isOwn ({ mount, app }: MountIdentity): boolean {
    return mount === identity.mount && app === identity.app
  }

  // A logger that fails must not reach Node.js, which would end the process.
  function write ({ request }: SenderEvent, level: string, describe: () => Line): void {
    try {
      const [fields, text] = describe()
      const logger = request?.log ?? log
      // The app may have added the level.
      const method = level as 'info'
      logger[method]({ mcp: identity.mount, ...fields }, text)
    } catch {}
  }

  requests.asyncEnd.subscribe(onCall)
  refusals.subscribe(onRefusal)
  return function endCallLog () {
    requests.asyncEnd.unsubscribe(onCall)
    refusals.unsubscribe(onRefusal)
  }
}

// Clients send requests of other methods on their own.
function targetOf ({ tool, prompt, uri }: RequestEvent): string | undefined {
  const target = tool ?? prompt ?? uri
  return target && shorten(target)
}

function describeCall (event: RequestEvent, readArguments: ((value: unknown) => unknown) | undefined): Line {
  const { method, outcome, duration = 0, era, client, error } = event
  const target = targetOf(event)
  const fields = {
    method,
    target,
    outcome,
    ms: Math.round(duration * 1000) / 1000,
    ...describeSender(event),
    ...(client !== undefined && { client: shorten(`${client.name} ${client.version}`) }),
    era,
    ...(error instanceof Error && { error: shorten(error.message) }),
    ...(readArguments !== undefined && { arguments: readArguments(event.params.arguments) })
  }
  return [fields, `${target}: ${outcome}`]
}

function describeRefusal (event: RefusalEvent): Line {
  const { method, target, reason, status, message, advice } = event
  const fields = {
    ...(method !== undefined && { method }),
    ...(target !== undefined && { target }),
    outcome: 'refused',
    reason,
    status,
    ...describeSender(event),
    error: shorten(message),
    ...(advice !== undefined && { advice })
  }
  return [fields, `${target ?? method ?? 'request'}: refused (${reason})`]
}

function describeSender ({ principal, session, transport }: SenderEvent): object {
  return {
    ...(principal?.subject !== undefined && { subject: principal.subject }),
    ...(principal !== undefined && { clientId: principal.clientId }),
    ...(session !== undefined && { session }),
    transport
  }
}
