// The ids by which clients name the events of a session. A stream's id is the id of its session, a dot and a name; an
// event's id is the id of its stream, a dot and the event's number.

/** Returns the id of a stream. */
export function streamIdOf (sessionId: string, name: string): string {
  return `${sessionId}.${name}`
}

/** Returns the id of the GET stream of a session. */
export function getStreamIdOf (sessionId: string): string {
  return streamIdOf(sessionId, '0')
}

/** Returns the id of an event. */
export function eventIdOf (streamId: string, seq: number): string {
  return `${streamId}.${seq}`
}

/** What the id of an event names. */
export interface EventName {
  readonly streamId: string
  readonly seq: number
}

/** Reads the id of an event. Returns undefined for an id that does not belong to the session. */
export function parseEventId (eventId: string, sessionId: string): EventName | undefined {
  const [session, stream = '', seq = '', ...rest] = eventId.split('.')
  const isWellFormed = /^[\da-z-]{1,64}$/i.test(stream) && /^\d{1,15}$/.test(seq) && rest.length === 0
  return session === sessionId && isWellFormed ? { streamId: `${session}.${stream}`, seq: Number(seq) } : undefined
}
