// Unexpected errors: they are logged, and hidden from the client.
import { randomUUID } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { RpcError } from '../../errors.ts'
import { ErrorCode } from '../../protocol/error-code.ts'

/** Returns the RpcError to send for what a definition threw. Anything but an RpcError is logged and hidden. */
export function toRpcError (err: unknown, log: FastifyBaseLogger): RpcError {
  if (err instanceof RpcError) return err
  log.error({ err }, 'a server definition threw something other than an RpcError')
  return new RpcError(ErrorCode.InternalError, 'Internal error', undefined, { cause: toError(err) })
}

/** Where an unexpected error is logged, and whether the client gets its message. */
export interface Disclosure { readonly log: FastifyBaseLogger, readonly exposeErrors: boolean }

/** Logs an unexpected error with its stack under an id, and returns the message for the client. */
export function reportFailure (error: unknown, what: string, { log, exposeErrors }: Disclosure): string {
  const errorId = randomUUID()
  const err = toError(error)
  log.error({ err, errorId }, `${what} failed`)
  return exposeErrors ? `Error ${what}: ${err.message} (error id ${errorId})` : `Error ${what} (error id ${errorId})`
}

/** Returns what was thrown, as an Error. */
export function toError (thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`a value that is not an Error was thrown: ${describe(thrown)}`)
}

function describe (value: unknown): string {
  try {
    return String(value)
  } catch {
    return typeof value
  }
}
