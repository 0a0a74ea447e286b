// From what a definition resolves a request to, to the message that answers it, over every transport.
import type { FastifyBaseLogger } from 'fastify'
import { encodeResponse } from '../protocol/envelope.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { RequestId } from '../protocol/message.ts'
import { RpcError } from '../errors.ts'
import type { Outcome } from './call/incoming.ts'
import { encodeObject, PreparedResult } from './call/result.ts'

const EMPTY_TEXT = "a server definition's serve() must resolve to an object, or to the JSON of one, " +
  'not to an empty text'

/** Encodes the reply to a request with what a definition resolved it to. @throws what {@link toRpcError} is for. */
export function encodeReply (outcome: Outcome, id: RequestId): string {
  if (outcome instanceof PreparedResult) return outcome.replyTo(id)
  // A definition may be the app's own. No character of its text is read: V8 would copy the text first.
  if (outcome === '') throw new TypeError(EMPTY_TEXT)
  return encodeResponse(id, typeof outcome === 'string' ? outcome : encodeObject(outcome))
}

/** Returns the result that a definition resolved a request to, as an object. */
export function resultOf (outcome: Outcome): object {
  return typeof outcome === 'string' ? JSON.parse(outcome) as object : outcome
}

/** Makes an RpcError of what a definition threw. Anything else than one is a mistake: it is logged and hidden. */
export function toRpcError (err: unknown, log: FastifyBaseLogger): RpcError {
  if (err instanceof RpcError) return err
  log.error({ err }, 'a server definition threw what is no RpcError')
  return new RpcError(ErrorCode.InternalError, 'Internal error')
}
