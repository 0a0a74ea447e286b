// Takes the notifications and responses of legacy clients.
import type { FastifyRequest } from 'fastify'
import { createNoOpChannel } from '../conversation/no-op-channel.ts'
import { isNotice, isUse, takeNotice } from '../conversation/notices.ts'
import type { Classified } from '../protocol/classify.ts'
import type { RequestId } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusals.ts'
import { authOf } from './guard/auth-hook.ts'
import type { LegacyCaller } from './legacy.ts'
import type { MountParts } from './parts.ts'

/** Takes those messages of a POST that get no reply. */
export function deliver (
  { definition, sessions, cluster, lifespan }: MountParts, messages: ReadonlyArray<Classified | Refusal>,
  { caller, session }: LegacyCaller, request: FastifyRequest
): void {
  const notices = messages.filter(isNotice)
  const taker = {
    definition,
    caller,
    session,
    createChannel: () => createNoOpChannel(request.log, lifespan, { request, auth: authOf(request)?.info }),
    // In a cluster all nodes have been asked already, and the request was cancelled if only one has its id.
    cancel: (requestId: RequestId, reason: string) =>
      cluster === undefined && session?.cancel(requestId, reason) === true
  }
  for (const notice of notices) takeNotice(notice, taker)
  if (session === undefined) return
  if (notices.some(isUse)) session.use()
  session.begin()
  sessions.settle(session)
}
