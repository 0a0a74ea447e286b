// Whether a client may act for a user: asked on a page, or remembered.
import { keepClient } from './adapter.ts'
import { createConsentMemory } from './consent-memory.ts'
import { readConsentRequest, type ConsentRequest } from './consent-request.ts'
import type { ServerSettings } from './settings.ts'
import type { ConsentPage } from './pages/consent-page.ts'
import { stepOf } from './pages/message-pages.ts'
import { toSeconds, type Interaction, type InteractionResult } from './peers.ts'
import type { ServerParts } from './provider.ts'
import { isLocalRedirect } from './redirect-uri.ts'
import { urlOfVisit } from './visit.ts'

/** What to ask the user, or an answer that is known without asking. */
export type Asked = { readonly page: ConsentPage } | { readonly result: InteractionResult }

/** A decision of the user. */
export interface Decision {
  readonly result: InteractionResult
  /** The name of the client, to which the user returns. */
  readonly client: string | undefined
}

/** Asks users for consent. */
export interface Consent {
  ask (interaction: Interaction): Promise<Asked>
  /** Takes the form of the page; undefined if the page of this interaction did not send it. */
  take (interaction: Interaction, form: URLSearchParams): Promise<Decision | undefined>
}

/** The answer of a user who does not allow it. */
export const DENIED = { error: 'access_denied', error_description: 'the user did not allow it' }

/** Creates the functions that ask for consent. */
export function createConsent (parts: ServerParts): Consent {
  const { settings, keys } = parts
  const memory = createConsentMemory(parts)

  // The cookie of the interaction binds the form to the browser; this binds it to what the page showed.
  function signedText ({ uid }: Interaction, request: ConsentRequest): string {
    const { account, clientId, redirectUri, requested, scopes } = request
    return JSON.stringify([uid, account.subject, clientId, redirectUri, requested, scopes])
  }

  return {
    async ask (interaction) {
      const request = await readConsentRequest(interaction, parts)
      if (request === undefined) return { result: DENIED }
      const mustAsk = String(interaction.params['prompt'] ?? '').split(' ').includes('consent')
      const mayPass = !mustAsk && (isTrusted(request, settings) || await memory.has(request))
      if (mayPass) return { result: await grant(request, parts) }
      const csrf = keys.sign('consent', signedText(interaction, request))
      return { page: describePage(request, urlOfVisit(settings.issuer, interaction.uid), csrf) }
    },
    async take (interaction, form) {
      const request = await readConsentRequest(interaction, parts)
      if (request === undefined) return undefined
      if (!keys.isSigned('consent', signedText(interaction, request), form.get('csrf') ?? '')) return undefined
      const isAllowed = form.get('decision') === 'allow'
      if (isAllowed) await memory.add(request)
      return { result: isAllowed ? await grant(request, parts) : DENIED, client: request.client.clientName }
    }
  }
}

// A client of the user's own device is never trusted: any other program there can use its id and its redirect URI.
function isTrusted ({ clientId, redirectUri }: ConsentRequest, { trusted }: ServerSettings): boolean {
  return trusted.has(clientId) && !isLocalRedirect(redirectUri)
}

async function grant (
  { account, clientId, requested, scopes, refused }: ConsentRequest,
  { settings: { store, lifetimes }, provider }: ServerParts
): Promise<InteractionResult> {
  const grant = new provider.Grant({ accountId: account.subject, clientId })
  grant.addOIDCScope('openid')
  if (scopes.length > 0) grant.addResourceScope(requested, scopes.join(' '))
  if (refused.length > 0) grant.rejectResourceScope(requested, refused.join(' '))
  await keepClient(store, clientId, lifetimes.grant)
  return { consent: { grantId: await grant.save(toSeconds(lifetimes.grant)) } }
}

function describePage (request: ConsentRequest, visit: string, csrf: string): ConsentPage {
  const { account, client, clientId, redirectUri, resource, scopes } = request
  return {
    client: client.clientName,
    publishedBy: client.clientIdMetadataDocument === true ? new URL(clientId).host : undefined,
    redirect: describeRedirect(redirectUri),
    account: account.label,
    resource: resource.id,
    scopes,
    csrf,
    action: visit,
    otherAccount: stepOf(visit, 'other-account')
  }
}

function describeRedirect (uri: string): { readonly shown: string, readonly isLocal: boolean } {
  const { protocol, host } = new URL(uri)
  const isLocal = isLocalRedirect(uri)
  return { shown: protocol === 'https:' ? host : `${protocol}//${host}`, isLocal }
}
