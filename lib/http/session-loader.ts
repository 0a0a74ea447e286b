// In a cluster the session of a request is looked for in the store, before the request is served as anywhere else; and what
// is meant for another node goes there.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Classified } from '../protocol/classify.ts'
import type { Refusal, RequestId, RequestMessage } from '../protocol/message.ts'
import type { Forwarder } from '../session/nodes/forwarder.ts'
import type { SharedSession } from '../session/shared-session.ts'
import type { SharedSessions } from '../session/shared-sessions.ts'
import type { Accepted } from './accept.ts'
import { readBatch } from '../protocol/batch.ts'
import { isHandshake } from '../protocol/initialize.ts'
import { isUse } from './in-session.ts'
import { readLegacyHeaders } from './legacy.ts'
import type { LegacyPost } from './legacy-post.ts'
import { sendUnserved } from './unserved.ts'

/** Where sessions are, and what carries messages to those who wait for them. */
export interface ClusterSessions {
  readonly sessions: SharedSessions
  readonly forwarder: Forwarder
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

/** Builds a handler that has the session of a request before another handler serves it. */
export function withSession ({ sessions }: ClusterSessions, handler: Handler): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return function handleWithSession (request, reply) {
    serveAfter(reply, null, async () => {
      await loadSession(sessions, request, true)
      await handler(request, reply)
    })
    return reply
  }
}

/** What legacy clients post to a node of a cluster. */
export class ClusterPost implements Pick<LegacyPost, 'serveRequest' | 'acknowledge' | 'serveBatch'> {
  readonly #cluster: ClusterSessions
  readonly #post: LegacyPost
  readonly #maxBatch: number

  constructor (cluster: ClusterSessions, post: LegacyPost, maxBatch: number) {
    this.#cluster = cluster
    this.#post = post
    this.#maxBatch = maxBatch
  }

  serveRequest (message: RequestMessage, reply: FastifyReply, accepted: Accepted): void {
    serveAfter(reply, message.id, async () => {
      const session = await loadSession(this.#cluster.sessions, reply.request, !isHandshake(message.method))
      // How many there are has to be known.
      if (session !== undefined && message.method === 'resources/subscribe') await session.refreshWatched()
      this.#post.serveRequest(message, reply, accepted)
    })
  }

  acknowledge (messages: ReadonlyArray<Classified | Refusal>, reply: FastifyReply): void {
    serveAfter(reply, null, async () => {
      const session = await loadSession(this.#cluster.sessions, reply.request, messages.some(isUse))
      if (session !== undefined) await this.#cluster.forwarder.forward(messages, session)
      this.#post.acknowledge(messages, reply)
    })
  }

  serveBatch (body: readonly unknown[], reply: FastifyReply, accepted: Accepted): void {
    serveAfter(reply, null, async () => {
      const session = await loadSession(this.#cluster.sessions, reply.request, true)
      if (session !== undefined) await this.#forwardBatch(body, session)
      this.#post.serveBatch(body, reply, accepted)
    })
  }

  async #forwardBatch (body: readonly unknown[], session: SharedSession): Promise<void> {
    const messages = readBatch(body, session.protocolVersion, this.#maxBatch)
    if (!('kind' in messages)) await this.#cluster.forwarder.forward(messages, session)
  }
}

async function loadSession (sessions: SharedSessions, request: FastifyRequest, isUse: boolean): Promise<SharedSession | undefined> {
  const { sessionId, principal } = readLegacyHeaders(request)
  if (sessionId === undefined) return undefined
  await sessions.load(sessionId, isUse)
  return sessions.find(sessionId, principal)
}

function serveAfter (reply: FastifyReply, id: RequestId | null, serve: () => Promise<unknown>): void {
  serve().catch((error: unknown) => sendUnserved(reply, id, error))
}
