// The fields of a session's hash in Redis, as they are written and read. Whoever can write to Redis may have written them.
import { isLogLevel, type LogLevel } from '../protocol/log-level.ts'
import { isRequestId, isWireObject, type RequestId } from '../protocol/message.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import type { SessionChange, SessionRecord, SessionState } from '../store/session-store.ts'
import { digest } from './keys.ts'

/** The name of the field that the record is in. */
export const RECORD_FIELD = 'r'
/** The name of the field that the log level is in. */
export const LEVEL_FIELD = 'l'

const LISTENER_FIELD = 'g'
const SUBSCRIPTION = 's:'
const CALL = 'c:'

/** Tells what could not be read, of which the session does without. */
export type OnUnreadable = (what: string) => void

/** The field that a subscription, or a reply that is a stream, is in. */
export function fieldOf (change: Extract<SessionChange, { readonly topic: string } | { readonly streamId: string }>): string {
  return 'topic' in change ? `${SUBSCRIPTION}${digest(change.topic)}` : `${CALL}${change.streamId}`
}

/** Writes a record, but for the log level, which changes. */
export function encodeRecord ({ protocolVersion, client, principal, holder }: SessionRecord): string {
  return JSON.stringify({ protocolVersion, client, principal, holder })
}

/** Reads a record; undefined when it is none. */
export function parseRecord (record: unknown, level: unknown): SessionRecord | undefined {
  const parsed = parseJson(record)
  if (!isWireObject(parsed)) return undefined
  const { protocolVersion, client, principal, holder } = parsed
  if (typeof protocolVersion !== 'string' || !isClient(client) || !isOptionalText(principal) || !isOptionalText(holder)) return undefined
  return { protocolVersion, client, ...(principal !== undefined && { principal }), ...(holder !== undefined && { holder }), logLevel: parseLevel(level) }
}

function isOptionalText (value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

/** Reads a log level. Where it is none, clients get all messages, as those do that have chosen none. */
export function parseLevel (level: unknown): LogLevel {
  return isLogLevel(level) ? level : 'debug'
}

/** Reads what else is known of a session. @param fields Each with its value. */
export function parseState (fields: ReadonlyArray<readonly [name: string, value: string]>, onUnreadable: OnUnreadable): SessionState {
  const named = (prefix: string): ReadonlyArray<readonly [string, string]> =>
    fields.filter(([name]) => name.startsWith(prefix)).map(([name, value]) => [name.slice(prefix.length), value])
  const calls = new Map<string, readonly RequestId[]>()
  for (const [streamId, ids] of named(CALL)) {
    const parsed = parseJson(ids)
    if (Array.isArray(parsed) && parsed.every(isRequestId)) calls.set(streamId, parsed)
    else onUnreadable('the ids of the requests that a stream answers')
  }
  return {
    subscriptions: named(SUBSCRIPTION).map(([, uri]) => uri),
    listener: fields.find(([name]) => name === LISTENER_FIELD)?.[1],
    calls
  }
}

// Of capabilities, which the client has chosen, the readers take nothing for granted.
function isClient (client: unknown): client is ClientIdentity {
  if (!isWireObject(client) || !isWireObject(client.capabilities)) return false
  const { info } = client
  return info === undefined || (isWireObject(info) && typeof info.name === 'string' && typeof info.version === 'string')
}

function parseJson (text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}
