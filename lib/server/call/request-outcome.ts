// How a request ended, read from its result or its error.
import { CannotAskError, RpcError, ToolError, UnavailableError } from '../../errors.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { RequestOutcome } from '../../telemetry/events.ts'
import { InvalidArgumentsError } from './call.ts'
import { TimeoutError } from './deadlines.ts'

/**
 * Returns how a request ended that got a result.
 * @param failure What the tool threw, if its definition knows that.
 */
export function outcomeOfResult (result: object, failure?: unknown): RequestOutcome {
  const { isError, resultType }: { readonly isError?: unknown, readonly resultType?: unknown } = result
  if (resultType === 'input_required') return 'input_required'
  if (isError !== true) return 'ok'
  return failure === undefined ? 'tool_error' : outcomeOfFailure(failure)
}

/** Returns how a request ended that got an error. */
export function outcomeOfError (error: unknown): RequestOutcome {
  if (!(error instanceof RpcError)) return outcomeOfFailure(error)
  // What a handler threw is hidden from the client behind an RpcError.
  if (error.cause !== undefined) return outcomeOfFailure(error.cause)
  const isFault = error.code === ErrorCode.InternalError &&
    !(error instanceof UnavailableError || error instanceof CannotAskError)
  return isFault ? 'crash' : 'refused'
}

function outcomeOfFailure (failure: unknown): RequestOutcome {
  if (failure instanceof ToolError || failure instanceof RpcError) return 'tool_error'
  if (failure instanceof InvalidArgumentsError) return 'invalid_arguments'
  return failure instanceof TimeoutError ? 'timeout' : 'crash'
}
