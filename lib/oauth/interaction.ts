// What happens between a user and the server while an authorization request waits: sign-in, then consent.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createConsent } from './consent.ts'
import { createDepartures } from './departure.ts'
import { PAGE_HEADERS, renderProblem } from './page.ts'
import { INTERACTION_TTL } from './paths.ts'
import type { ServerParts } from './provider.ts'
import { SignInRefusedError } from './sign-in/sign-in.ts'
import { createVisits, urlOfVisit } from './visit.ts'

/** The handlers of the routes that users visit. */
export interface Interactions {
  /** Shows the next step of an authorization request: the identity provider, or the consent page. */
  proceed (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes the decision of the consent page. */
  decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes a browser that comes back from the identity provider. */
  comeBack (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
}

const EXPIRED = ['This sign-in has expired', 'It took too long, is already complete, or began in another browser. ' +
  'Go back to the application and connect again.'] as const

/** Creates the handlers. */
export function createInteractions (parts: ServerParts): Interactions {
  const { settings: { store, signIn, issuer }, accounts } = parts
  const [consent, visits, departures] = [createConsent(parts), createVisits(parts), createDepartures(parts)]
  const signedInKey = (uid: string): string => `signed-in:${uid}`

  async function proceed (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = await visits.find(request)
    if (visit === undefined) return sendProblem(reply, 400, ...EXPIRED)
    const { interaction } = visit
    if (interaction.prompt.name === 'consent') {
      const answer = await consent.ask(interaction)
      if ('result' in answer) return reply.redirect(await visits.finish(visit, answer.result), 303)
      return reply.headers(PAGE_HEADERS).send(answer.page)
    }
    const subject = await store.take(signedInKey(interaction.uid))
    if (subject === undefined) return await leave(interaction.uid, request, reply)
    await visits.leaveOtherSession(visit, subject)
    return reply.redirect(await visits.finish(visit, { login: { accountId: subject } }), 303)
  }

  async function leave (uid: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    try {
      const { url, cookie } = await departures.depart(uid, signIn.start)
      const headers = { 'set-cookie': cookie, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
      return reply.headers(headers).redirect(url, 303)
    } catch (error) {
      return sendFailure(request, reply, error)
    }
  }

  async function comeBack (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const arrival = await departures.arrive(new URL(request.url, issuer).search, request.headers.cookie)
    if (arrival === undefined) return sendProblem(reply, 400, ...EXPIRED)
    const { uid, returned, cookie } = arrival
    reply.header('set-cookie', cookie)
    try {
      const { subject } = await accounts.admit(await signIn.finish(returned))
      await store.set(signedInKey(uid), subject, INTERACTION_TTL)
    } catch (error) {
      return sendFailure(request, reply, error)
    }
    return reply.header('cache-control', 'no-store').redirect(urlOfVisit(issuer, uid), 303)
  }

  async function decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = await visits.find(request)
    if (visit === undefined || visit.interaction.prompt.name !== 'consent') return sendProblem(reply, 400, ...EXPIRED)
    const answer = await consent.take(visit.interaction, new URLSearchParams(String(request.body)))
    if (answer === undefined) return sendProblem(reply, 403, ...EXPIRED)
    const page = answer.renderReturn(await visits.finish(visit, answer.result))
    return reply.headers(PAGE_HEADERS).send(page)
  }

  function sendFailure ({ log }: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
    if (error instanceof SignInRefusedError) return sendProblem(reply, 403, 'You cannot sign in here', error.message)
    log.error({ err: error }, `sign-in with ${signIn.name} failed`)
    const text = `Signing in with ${signIn.name} did not work. Try again later.`
    return sendProblem(reply, 502, 'The sign-in failed', text)
  }

  return { proceed, decide, comeBack }
}

function sendProblem (reply: FastifyReply, status: number, title: string, text: string): FastifyReply {
  return reply.code(status).headers(PAGE_HEADERS).send(renderProblem(title, text))
}
