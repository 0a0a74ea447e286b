// What happens between a user and the server while an authorization request waits: sign-in, then consent.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createConsentSteps } from './consent-steps.ts'
import { DENIED } from './consent.ts'
import { createDepartures } from './departure.ts'
import { INTERACTION_TTL } from './paths.ts'
import { createProblems } from './problems.ts'
import type { ServerParts } from './provider.ts'
import type { UpstreamTokens } from './sign-in/sign-in.ts'
import { createVisits, urlOfVisit, type Visit } from './visit.ts'
import { createCounts, createWindowLimit } from './window-limit.ts'

/** The handlers of the routes that users visit. */
export interface Interactions {
  /** Has the provider take an authorization request, unless too many sign-ins have begun. */
  begin (request: FastifyRequest, reply: FastifyReply, pass: () => Promise<FastifyReply>): Promise<FastifyReply>
  /** Shows the next step of an authorization request: the identity provider, or the consent page. */
  proceed (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes the decision of the consent page. */
  decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes a browser that comes back from the identity provider. */
  comeBack (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
}

/** Creates the handlers. */
export function createInteractions (parts: ServerParts): Interactions {
  const { settings: { store, signIn, issuer, signInLimit }, accounts, upstream } = parts
  const [visits, departures, problems] = [createVisits(parts), createDepartures(parts), createProblems(parts)]
  const { ask, decide } = createConsentSteps(parts, visits, problems)
  // Both an authorization request and each departure to the identity provider are kept for a while.
  const { count = createCounts() } = store
  const take = createWindowLimit('sign-in', { ...signInLimit, window: INTERACTION_TTL }, count)
  const signedInKey = (uid: string): string => `signed-in:${uid}`

  async function begin (
    request: FastifyRequest, reply: FastifyReply, pass: () => Promise<FastifyReply>
  ): Promise<FastifyReply> {
    const counted = await take(request.ip)
    if (counted === undefined) return problems.send(request, reply, { kind: 'busy' })
    const sent = await pass()
    // It was refused, or needed nothing of the user.
    if (!String(reply.getHeader('location')).startsWith(urlOfVisit(issuer, ''))) await counted.giveBack()
    return sent
  }

  async function proceed (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = await visits.find(request)
    if (visit === undefined) return problems.send(request, reply, { kind: 'expired' })
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
    if (await take(request.ip) === undefined) return problems.send(request, reply, { kind: 'busy' })
    try {
      const { url, cookie } = await departures.depart(interaction.uid, Object(request.query).step === 'other-account')
      const headers = { 'set-cookie': cookie, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
      return reply.headers(headers).redirect(url, 303)
    } catch (error) {
      return problems.send(request, reply, problems.explain(error, interaction.uid, request.log))
    }
  }

  async function comeBack (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const arrival = await departures.arrive(new URL(request.url, issuer).search, request.headers.cookie)
    if (arrival === undefined) return problems.send(request, reply, { kind: 'expired' })
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
      return problems.send(request, reply, problems.explain(error, uid, request.log))
    }
    return reply.header('cache-control', 'no-store').redirect(urlOfVisit(issuer, uid), 303)
  }

  return { begin, proceed, decide, comeBack }
}
