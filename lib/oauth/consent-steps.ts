// The steps of a sign-in at which the user is asked, and answers.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createConsent } from './consent.ts'
import type { Problems } from './problems.ts'
import type { ServerParts } from './provider.ts'
import type { Visit, Visits } from './visit.ts'

/** The steps at which the user is asked, and answers. */
export interface ConsentSteps {
  /** Shows the consent page, or goes on if the answer is known. */
  ask (visit: Visit, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes the decision of the consent page. */
  decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
}

/** Creates the steps. */
export function createConsentSteps (parts: ServerParts, visits: Visits, problems: Problems): ConsentSteps {
  const { pages } = parts
  const consent = createConsent(parts)

  return {
    async ask (visit, request, reply) {
      const answer = await consent.ask(visit.interaction)
      if ('result' in answer) return reply.redirect(await visits.finish(visit, answer.result), 303)
      return reply.headers(pages.headers).send(pages.of(request.headers).consent(answer.page))
    },
    async decide (request, reply) {
      const visit = await visits.find(request)
      if (visit?.interaction.prompt.name !== 'consent') return problems.send(request, reply, { kind: 'expired' })
      const answer = await consent.take(visit.interaction, new URLSearchParams(String(request.body)))
      if (answer === undefined) return problems.send(request, reply, { kind: 'foreign' })
      const url = await visits.finish(visit, answer.result)
      return reply.headers(pages.headers).send(pages.of(request.headers).returning(answer.client, url))
    }
  }
}
