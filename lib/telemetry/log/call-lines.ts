// Describes each call and each refusal, for the log and for the pages that watch: without secrets.
import { shorten } from '../../protocol/bounds.ts'
import type { RefusalEvent, RequestEvent, SenderEvent } from '../events.ts'
import { targetOf } from '../read-event.ts'
import type { Line } from './message-lines.ts'

/** Describes a request that has ended. @param readArguments Absent if arguments are not shown. */
export function describeCall (event: RequestEvent, readArguments: ((value: unknown) => unknown) | undefined): Line {
  const { method, outcome, duration = 0, era, client, error } = event
  const named = targetOf(event)
  const target = named && shorten(named)
  const fields = {
    method: shorten(method),
    ...(target !== undefined && { target }),
    outcome,
    ms: Math.round(duration * 1000) / 1000,
    ...describeSender(event),
    ...(client !== undefined && { client: shorten(`${client.name} ${client.version}`) }),
    era,
    ...(error instanceof Error && { error: shorten(error.message) }),
    ...(readArguments !== undefined && { arguments: readArguments(event.params.arguments) })
  }
  return [fields, `${target ?? method}: ${outcome}`]
}

/** Describes a refusal. */
export function describeRefusal (event: RefusalEvent): Line {
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
