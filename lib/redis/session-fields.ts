// Writes and reads the fields of a session's hash in Redis. Any program with access to Redis may have changed them.
import { isLogLevel, type LogLevel } from '../protocol/log-level.ts'
import { isRequestId, isWireObject, parseJson, type RequestId } from '../protocol/message.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import type { SessionChange, SessionRecord, SessionState } from '../store/session-store.ts'
import { digest } from './keys.ts'

/** The name of the field with the record. */
export const RECORD_FIELD = 'r'
/** The name of the field with the log level. */
export const LEVEL_FIELD = 'l'

const LISTENER_FIELD = 'g'
const SUBSCRIPTION = 's:'
const CALL = 'c:'

/** Called when a part of a session cannot be read; the session does without it. @param what The part, in words. */
export type OnUnreadable = (what: string) => void

/** Returns the name of the field with a subscription, or with a reply stream. */
export function fieldOf (
  change: Extract<SessionChange, { readonly topic: string } | { readonly streamId: string }>
): string {
  return 'topic' in change ? `${SUBSCRIPTION}${digest(change.topic)}` : `${CALL}${change.streamId}`
}

/** Returns a record as JSON, without the log level, which may change. */
export function encodeRecord ({ logLevel: _level, ...record }: SessionRecord): string {
  return JSON.stringify(record)
}

/** Parses a record; returns undefined if it is not valid. */
export function parseRecord (record: unknown, level: unknown): SessionRecord | undefined {
  const parsed = typeof record === 'string' ? parseJson(record) : undefined
  if (!isWireObject(parsed)) return undefined
  const { protocolVersion, client, principal, holder, grantId, openedAt } = parsed
  if (typeof protocolVersion !== 'string' || !isClient(client)) return undefined
  if (!isOptionalText(principal) || !isOptionalText(holder) || !isOptionalText(grantId)) return undefined
  return {
    protocolVersion,
    client,
    ...(principal !== undefined && { principal }),
    ...(holder !== undefined && { holder }),
    ...(grantId !== undefined && { grantId }),
    ...(typeof openedAt === 'number' && { openedAt }),
    logLevel: parseLevel(level)
  }
}

function isOptionalText (value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

/** Parses a log level. An invalid one becomes 'debug', the level of clients that have set none. */
export function parseLevel (level: unknown): LogLevel {
  return isLogLevel(level) ? level : 'debug'
}

/** Parses the state of a session. @param fields The fields of its hash, with their values. */
export function parseState (
  fields: ReadonlyArray<readonly [name: string, value: string]>, onUnreadable: OnUnreadable
): SessionState {
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

// The members of `capabilities` are not checked: the client chose them, and their readers do not trust them.
function isClient (client: unknown): client is ClientIdentity {
  if (!isWireObject(client) || !isWireObject(client.capabilities)) return false
  const { info } = client
  return info === undefined || (isWireObject(info) && typeof info.name === 'string' && typeof info.version === 'string')
}
