// What becomes of requests that fail for a reason that is not theirs: the session has ended meanwhile, or its store is
// away.
import type { FastifyReply } from 'fastify'
import { ClusterAwayError } from '../../store/cluster.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { RequestId } from '../../protocol/message.ts'
import { SessionEndedError, UNAVAILABLE } from '../../session/nodes/unavailable.ts'
import { sessionNotFound } from '../legacy.ts'
import { sendBusy, sendRefusal } from './reply.ts'

/** Refuses a request that could not be served. */
export function sendUnserved (reply: FastifyReply, id: RequestId | null, error: unknown): void {
  if (error instanceof ClusterAwayError) {
    const code = ErrorCode.InternalError
    return sendBusy(reply, { kind: 'refusal', status: 503, code, message: UNAVAILABLE, id })
  }
  if (error instanceof SessionEndedError) sendRefusal(reply, sessionNotFound(id))
  else reply.send(error)
}
