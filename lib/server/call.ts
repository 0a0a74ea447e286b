// One request being served: what the handler sees of it and what the server keeps to itself.
import type { FastifyBaseLogger } from 'fastify'
import { RpcError } from '../errors.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { reportFailure } from './failure.ts'
import { InputRequired, InputRequiredError, type InputRequiredResult } from './input-required.ts'
import { askerFor, askerOf, type RequestContext } from './request-context.ts'
import { TimeoutError, withTimeout } from './timeout.ts'

/** One request being served. */
export interface Call {
  readonly ctx: RequestContext
  /** The app's log, bound to the HTTP request. */
  readonly log: FastifyBaseLogger
  /** Milliseconds that a handler may take; 0 for ever. */
  readonly timeout: number
  readonly exposeErrors: boolean
  /** Whether the caller can be told of changes; absent when it cannot. */
  readonly canListen?: boolean
  /** Whether the host app itself calls, from which nothing is hidden and to which nothing is refused. */
  readonly isTrusted?: boolean
}

/**
 * Runs a handler to its end, in time: as often as it asks by hand where the client answers in the middle of a request.
 *
 * @param timeout Milliseconds; 0 for ever.
 * @throws InputRequiredError when it asked what a modern client has to answer first, whatever else it came to.
 * @throws TimeoutError, or what the handler threw
 */
export async function runRounds<T> ({ ctx }: Call, timeout: number, handler: () => T | PromiseLike<T>): Promise<Exclude<T, InputRequired>> {
  try {
    for (;;) {
      const returned = await withTimeout(handler(), ctx, timeout)
      if (!(returned instanceof InputRequired)) {
        if (askerOf(ctx)?.isAsking === true) throw new InputRequiredError()
        // All that is left.
        return returned as Exclude<T, InputRequired>
      }
      await askerFor(ctx).askByHand(returned)
    }
  } catch (error) {
    throw askerOf(ctx)?.isAsking === true && !isFinal(error) ? new InputRequiredError() : error
  }
}

// A call that took too long does so again, and a client that lacks a capability cannot answer all of its questions.
function isFinal (error: unknown): boolean {
  return error instanceof TimeoutError || (error instanceof RpcError && error.code === ErrorCode.MissingRequiredClientCapability)
}

/** Serves a request whose handler may ask its client: then the result is one that asks. */
export async function serveAsking<T> (call: Call, serve: () => Promise<T>): Promise<T | InputRequiredResult> {
  try {
    return await serve()
  } catch (error) {
    if (error instanceof InputRequiredError) return askBack(call)
    throw error
  }
}

/** The result of a call that ended in an {@link InputRequiredError}. */
export async function askBack ({ ctx, timeout }: Call): Promise<InputRequiredResult> {
  return withTimeout(askerFor(ctx).toResult(), ctx, timeout)
}

/**
 * Runs the handler of a resource, prompt or completion: what it throws by mistake becomes an internal error.
 *
 * @param what What the handler does, e.g. `reading resource notes://1`.
 * @throws RpcError, InputRequiredError
 */
export async function runHandler<T> (call: Call, what: string, handler: () => T | PromiseLike<T>): Promise<Exclude<T, InputRequired>> {
  try {
    return await runRounds(call, call.timeout, handler)
  } catch (error) {
    throw error instanceof RpcError || error instanceof InputRequiredError ? error : toInternalError(error, what, call)
  }
}

/** Logs what was thrown by mistake, or took too long, and makes an internal error of it. @param what What was done, as for {@link runHandler}. */
export function toInternalError (error: unknown, what: string, { log, exposeErrors }: Call): RpcError {
  if (!(error instanceof TimeoutError)) return new RpcError(ErrorCode.InternalError, reportFailure(log, error, what, exposeErrors))
  log.warn({ what }, `${what} ${error.message}`)
  return new RpcError(ErrorCode.InternalError, `Error ${what}: ${error.message}`)
}
