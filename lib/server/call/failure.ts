// Reports errors that a handler did not mean to throw.
import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'

/** Logs an unexpected error with its stack under an id, and returns the message for the client. */
export function reportFailure (log: FastifyBaseLogger, error: unknown, what: string, exposeErrors: boolean): string {
  const errorId = randomUUID()
  const err = error instanceof Error ? error : new Error(`a value that is no Error was thrown: ${describe(error)}`)
  log.error({ err, errorId }, `${what} failed`)
  return exposeErrors ? `Error ${what}: ${err.message} (error id ${errorId})` : `Error ${what} (error id ${errorId})`
}

function describe (value: unknown): string {
  try {
    return String(value)
  } catch {
    return typeof value
  }
}
