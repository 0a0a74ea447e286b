// How the checks of a request refuse it.
import type { FastifyReply } from 'fastify'
import type { Refusal } from '../../protocol/refusals.ts'

/** A request that is refused before its message is read. */
export type RefusedRequest = Pick<Refusal, 'status' | 'message' | 'reason' | 'advice'>

/** Refuses a request. */
export type Refuse = (reply: FastifyReply, refused: RefusedRequest) => void
