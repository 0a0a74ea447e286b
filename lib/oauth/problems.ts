// Tells users why a sign-in ended.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { INTERACTION_TTL } from './paths.ts'
import type { Problem } from './pages/message-pages.ts'
import type { ServerParts } from './provider.ts'
import { SignInRefusedError } from './sign-in/sign-in.ts'
import { urlOfVisit } from './visit.ts'

/** Tells users why a sign-in ended. */
export interface Problems {
  send (request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply
  /** Returns the problem for an error of the sign-in. What no user caused is logged. */
  explain (error: unknown, uid: string, log: FastifyRequest['log']): Problem
}

const STATUS: Readonly<Record<Problem['kind'], number>> = {
  busy: 429, expired: 400, foreign: 403, refused: 403, cancelled: 403, failed: 502, error: 400
}

/** Creates the functions that tell users. */
export function createProblems ({ settings: { signIn, issuer }, pages }: ServerParts): Problems {
  return {
    send ({ headers }, reply, problem) {
      if (problem.kind === 'busy') reply.header('retry-after', INTERACTION_TTL / 1000)
      return reply.code(STATUS[problem.kind]).headers(pages.headers).send(pages.of(headers).problem(problem))
    },
    explain (error, uid, log) {
      const visit = urlOfVisit(issuer, uid)
      if (error instanceof SignInRefusedError) {
        const { message, text } = error
        return text === undefined ? { kind: 'refused', message, visit } : { kind: text, visit }
      }
      log.error({ err: error }, `sign-in with ${signIn.name} failed`)
      return { kind: 'failed', provider: signIn.name, visit }
    }
  }
}
