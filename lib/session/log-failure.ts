// How the sessions of a mount report failures that no client is notified of.

/** Logs a failure. @param what The part that failed, as the log line names it. */
export type LogFailure = (error: unknown, what: string) => void

export const EVENT_STORE = 'the event store'

export const SESSION_STORE = 'the session store'
