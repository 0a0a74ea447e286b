// What becomes of requests that fail for a reason that is not theirs: the session has ended meanwhile, or its store is
// unreachable.
import type { FastifyReply } from 'fastify'
import { ClusterUnreachableError } from '../../store/cluster.ts'
import type { RequestId } from '../../protocol/message.ts'
import { refuse, type Refusal } from '../../protocol/refusals.ts'
import { SessionEndedError, UNAVAILABLE } from '../../session/nodes/unavailable.ts'
import { sendBusy, sendRefusal } from './reply.ts'

/** Refuses a request that could not be served. */
export function sendUnserved (reply: FastifyReply, id: RequestId | null, error: unknown): void {
  if (error instanceof ClusterUnreachableError) return sendBusy(reply, refuse('unavailable', id, UNAVAILABLE))
  if (error instanceof SessionEndedError) sendRefusal(reply, sessionNotFound(id))
  else reply.send(error)
}

/** Returns the refusal of a request whose session is not there. Released clients look for its code as well. */
export function sessionNotFound (
  id: RequestId | null, why = "it has ended or never was; send 'initialize' to open a new one"
): Refusal {
  return refuse('sessionNotFound', id, why)
}
