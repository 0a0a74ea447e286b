// From a checked request to the message that answers it, whatever it came by.
import type { FastifyBaseLogger } from 'fastify'
import { encodeResponse } from '../protocol/envelope.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { RequestMessage } from '../protocol/message.ts'
import { RpcError } from '../errors.ts'
import type { Caller, Channel } from './context.ts'
import type { ServerDefinition } from './definition.ts'

/** Serves one request and comes to the JSON of its reply. @throws what {@link toRpcError} makes an error of the protocol. */
export function replyTo (server: ServerDefinition, message: RequestMessage, caller: Caller, channel: Channel): Promise<string> {
  return server.reply?.(message, caller, channel) ?? encodeHandled(server, message, caller, channel)
}

async function encodeHandled (server: ServerDefinition, message: RequestMessage, caller: Caller, channel: Channel): Promise<string> {
  // A definition may be the app's own.
  const json: unknown = await server.handle(message, caller, channel)
  if (typeof json !== 'string' || json === '') throw new TypeError(`a server definition's handle() must return the JSON of a result, not ${json === '' ? 'an empty text' : typeof json}`)
  return encodeResponse(message.id, json)
}

/** What a definition threw. It should be an RpcError; what is none must not take the process with it. */
export function toRpcError (err: unknown, log: FastifyBaseLogger): RpcError {
  if (err instanceof RpcError) return err
  log.error({ err }, 'a server definition threw what is no RpcError')
  return new RpcError(ErrorCode.InternalError, 'Internal error')
}
