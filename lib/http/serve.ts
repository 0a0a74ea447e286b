// From a checked request to its answer.
import type { FastifyBaseLogger } from 'fastify'
import type { RequestMessage } from '../protocol/message.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { InsufficientScopeError, RpcError } from '../errors.ts'
import type { Caller } from '../server/context.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { encodeError, encodeResponse, statusOf } from '../protocol/envelope.ts'
import type { Exchange } from './exchange.ts'

/** Serves one request of an exchange; comes to whether it succeeded, never throws. */
export async function serve (server: ServerDefinition, message: RequestMessage, caller: Caller, exchange: Exchange): Promise<boolean> {
  try {
    const json = server.reply === undefined
      ? encodeResponse(message.id, await server.handle(message, caller, exchange))
      : await server.reply(message, caller, exchange)
    exchange.answer(200, json)
    return true
  } catch (error) {
    const rpcError = toRpcError(error, exchange.log)
    if (rpcError instanceof InsufficientScopeError) exchange.challenge(rpcError.requiredScopes)
    exchange.answer(statusOf(rpcError, caller.era), encodeError(message.id, rpcError))
    return false
  }
}

/** What a definition threw. It should be an RpcError; what is none must not take the process with it. */
export function toRpcError (err: unknown, log: FastifyBaseLogger): RpcError {
  if (err instanceof RpcError) return err
  log.error({ err }, 'a server definition threw what is no RpcError')
  return new RpcError(ErrorCode.InternalError, 'Internal error')
}
