// A browser at an authorization request that waits for its user.
import type { FastifyRequest } from 'fastify'
import { createNodePair, readRequest, type NodePair } from './bridge.ts'
import type { Interaction, InteractionResult } from './peers.ts'
import { INTERACTION_PATH } from './paths.ts'
import type { ServerParts } from './provider.ts'

/** A browser at the page of an authorization request. */
export interface Visit {
  readonly interaction: Interaction
  readonly pair: NodePair
}

/** Finds the visits of browsers, and ends them. */
export interface Visits {
  /** Finds the authorization request that a browser is at; undefined if it has expired, or is another browser's. */
  find (request: FastifyRequest): Promise<Visit | undefined>
  /** Answers the authorization request, and returns the URL that the browser goes on to. */
  finish (visit: Visit, result: InteractionResult): Promise<string>
  /** Ends the session of a browser, unless it is signed in as the given subject. */
  leaveSession (visit: Visit, except?: string): Promise<void>
}

/** Creates the functions that find visits. */
export function createVisits ({ settings: { publicUrl }, provider }: ServerParts): Visits {
  return {
    // The provider finds the interaction by a cookie that is sent to the URL of this interaction only.
    async find (request) {
      const pair = createNodePair(publicUrl, readRequest(request))
      const interaction = await provider.interactionDetails(pair.request, pair.response).catch((error: unknown) => {
        if (Object(error).name !== 'SessionNotFound') throw error
      })
      const { uid } = Object(request.params)
      return interaction === undefined || interaction.uid !== uid ? undefined : { interaction, pair }
    },
    finish: async ({ pair }, result) =>
      await provider.interactionResult(pair.request, pair.response, result, { mergeWithLastSubmission: true }),
    // That session must not go on with the request of another user.
    async leaveSession ({ interaction }, except) {
      const { session } = interaction
      if (session?.accountId === undefined || session.accountId === except) return
      await (await provider.Session.findByUid(session.uid))?.destroy()
      delete interaction.session
      interaction.prompt = { name: 'login', reasons: [], details: {} }
      await interaction.save(interaction.exp - Math.floor(Date.now() / 1000))
    }
  }
}

/** Returns the URL of the page of an authorization request. */
export function urlOfVisit (issuer: string, uid: string): string {
  return `${issuer}${INTERACTION_PATH}/${uid}`
}
