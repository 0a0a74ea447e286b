// What happens between a user and the server while an authorization request waits: sign-in, then consent.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createConsent, DENIED } from './consent.ts'
import { createDepartures } from './departure.ts'
import type { Problem } from './pages/message-pages.ts'
import { INTERACTION_TTL } from './paths.ts'
import type { ServerParts } from './provider.ts'
import { SignInRefusedError, type UpstreamTokens } from './sign-in/sign-in.ts'
import { createVisits, urlOfVisit, type Visit } from './visit.ts'

/** The handlers of the routes that users visit. */
export interface Interactions {
  /** Shows the next step of an authorization request: the identity provider, or the consent page. */
  proceed (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes the decision of the consent page. */
  decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes a browser that comes back from the identity provider. */
  comeBack (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
}

/** Creates the handlers. */
export function createInteractions (parts: ServerParts): Interactions {
  const { settings: { store, signIn, issuer }, accounts, upstream, pages } = parts
  const [consent, visits, departures] = [createConsent(parts), createVisits(parts), createDepartures(parts)]
  const signedInKey = (uid: string): string => `signed-in:${uid}`

  async function proceed (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = await visits.find(request)
    if (visit === undefined) return sendProblem(request, reply, { kind: 'expired' })
    const { step } = Object(request.query)
    if (step === 'give-up') return reply.redirect(await visits.finish(visit, DENIED), 303)
    if (step === 'other-account') {
      await visits.leaveSession(visit)
      return await leave(visit, request, reply)
    }
    return visit.interaction.prompt.name === 'consent'
      ? await ask(visit, request, reply)
      : await signInVisitor(visit, request, reply)
  }

  async function signInVisitor (visit: Visit, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const subject = await store.take(signedInKey(visit.interaction.uid))
    if (subject === undefined) return await leave(visit, request, reply)
    await visits.leaveSession(visit, subject)
    return reply.redirect(await visits.finish(visit, { login: { accountId: subject } }), 303)
  }

  async function leave ({ interaction }: Visit, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    try {
      const { url, cookie } = await departures.depart(interaction.uid, Object(request.query).step === 'other-account')
      const headers = { 'set-cookie': cookie, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
      return reply.headers(headers).redirect(url, 303)
    } catch (error) {
      return sendProblem(request, reply, explain(error, interaction.uid, request.log))
    }
  }

  async function comeBack (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const arrival = await departures.arrive(new URL(request.url, issuer).search, request.headers.cookie)
    if (arrival === undefined) return sendProblem(request, reply, { kind: 'expired' })
    const { uid, returned, cookie } = arrival
    reply.header('set-cookie', cookie)
    try {
      let tokens: UpstreamTokens | undefined
      const user = await signIn.finish({ ...returned, keepTokens: (given) => { tokens = given } })
      const account = await accounts.admit(user)
      // First, because an account without tokens would be taken for one whose sign-in has ended.
      await upstream.keep(account.subject, tokens)
      await accounts.renew(account)
      await store.set(signedInKey(uid), account.subject, INTERACTION_TTL)
    } catch (error) {
      return sendProblem(request, reply, explain(error, uid, request.log))
    }
    return reply.header('cache-control', 'no-store').redirect(urlOfVisit(issuer, uid), 303)
  }

  async function ask (visit: Visit, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const answer = await consent.ask(visit.interaction)
    if ('result' in answer) return reply.redirect(await visits.finish(visit, answer.result), 303)
    return reply.headers(pages.headers).send(pages.of(request.headers).consent(answer.page))
  }

  async function decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = await visits.find(request)
    if (visit?.interaction.prompt.name !== 'consent') return sendProblem(request, reply, { kind: 'expired' })
    const answer = await consent.take(visit.interaction, new URLSearchParams(String(request.body)))
    if (answer === undefined) return sendProblem(request, reply, { kind: 'foreign' })
    const url = await visits.finish(visit, answer.result)
    return reply.headers(pages.headers).send(pages.of(request.headers).returning(answer.client, url))
  }

  function explain (error: unknown, uid: string, log: FastifyRequest['log']): Problem {
    const visit = urlOfVisit(issuer, uid)
    if (error instanceof SignInRefusedError) {
      const { message, text } = error
      return text === undefined ? { kind: 'refused', message, visit } : { kind: text, visit }
    }
    log.error({ err: error }, `sign-in with ${signIn.name} failed`)
    return { kind: 'failed', provider: signIn.name, visit }
  }

  function sendProblem ({ headers }: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
    return reply.code(STATUS[problem.kind]).headers(pages.headers).send(pages.of(headers).problem(problem))
  }

  return { proceed, decide, comeBack }
}

const STATUS: Readonly<Record<Problem['kind'], number>> = {
  expired: 400, foreign: 403, refused: 403, cancelled: 403, failed: 502, error: 400
}
