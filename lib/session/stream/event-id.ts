// The ids by which clients name the events of a session. A stream's id is the session's id, a dot and a name; an event's id is
// the stream's id, a dot and the event's number.

/** Returns the id of an event. */
export function eventIdOf (streamId: string, seq: number): string {
  return `${streamId}.${seq}`
}

/** Reads the id of an event. Returns undefined for an id that does not belong to the session. */
export function parseEventId (eventId: string, sessionId: string): { readonly streamId: string, readonly seq: number } | undefined {
  const [session, stream = '', seq = '', ...rest] = eventId.split('.')
  const isOurs = session === sessionId && /^[\da-z-]{1,64}$/i.test(stream) && /^\d{1,15}$/.test(seq) && rest.length === 0
  return isOurs ? { streamId: `${session}.${stream}`, seq: Number(seq) } : undefined
}
