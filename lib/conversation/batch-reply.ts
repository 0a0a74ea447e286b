// Joins the answers to a batch into one reply (MCP 2025-03-26 basic, Batching).
import type { FastifyBaseLogger } from 'fastify'
import type { Classified } from '../protocol/classify.ts'
import { encodeError } from '../protocol/encode.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { RequestId } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusals.ts'

const TOO_LONG = {
  code: ErrorCode.InternalError,
  message: 'The reply to the batch is too long; send each request on its own'
}

/** Returns the ids of the requests of a batch. */
export function idsOf (messages: ReadonlyArray<Classified | Refusal>): readonly RequestId[] {
  return messages.flatMap((message) => message.kind === 'request' ? message.request.id : [])
}

/**
 * Joins the answers to a batch into one reply.
 * @param ids The ids of the requests. If the reply is too long, each of them is answered with an error.
 */
export function joinAnswers (answers: readonly string[], ids: readonly RequestId[], log: FastifyBaseLogger): string {
  try {
    return `[${answers.join(',')}]`
  } catch (err) {
    log.warn({ err }, 'the reply to a batch is longer than a string can be; its requests are answered with errors')
    return `[${ids.map((id) => encodeError(id, TOO_LONG)).join(',')}]`
  }
}
