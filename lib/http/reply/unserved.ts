// Refuses requests that could not be served although they are valid: their session has just ended, or the cluster is
// unreachable.
import type { FastifyReply } from 'fastify'
import { ClusterUnreachableError } from '../../errors.ts'
import type { RequestId } from '../../protocol/message.ts'
import { refuse, type Refusal } from '../../protocol/refusals.ts'
import { SessionEndedError, UNAVAILABLE } from '../../session/nodes/unavailable.ts'
import { sendBusy, sendRefusal } from './reply.ts'

/** Refuses a request that could not be served. Other errors go to the error handler. */
export function sendUnserved (reply: FastifyReply, id: RequestId | null, error: unknown): void {
  if (error instanceof ClusterUnreachableError) return sendBusy(reply, refuse('unavailable', id, UNAVAILABLE))
  if (error instanceof SessionEndedError) sendRefusal(reply, sessionNotFound(id))
  else reply.send(error)
}

/** Returns the refusal of a request whose session does not exist. Existing clients also check its code. */
export function sessionNotFound (
  id: RequestId | null, why = "it has ended or never existed; send 'initialize' to open a new one"
): Refusal {
  return refuse('sessionNotFound', id, why)
}
