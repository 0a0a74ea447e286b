// Whether a client may act for a user: asked on a page, or remembered.
import { keepClient } from './adapter.ts'
import { createConsentMemory } from './consent-memory.ts'
import { readConsentRequest, type ConsentRequest } from './consent-request.ts'
import { renderConsent, renderReturn } from './page.ts'
import type { Interaction, InteractionResult } from './peers.ts'
import type { ServerParts } from './provider.ts'
import { isLocalRedirect } from './redirect-uri.ts'
import { urlOfVisit } from './visit.ts'

/** A page to show, or an answer that is known without asking. */
export type Asked = { readonly page: string } | { readonly result: InteractionResult }

/** A decision of the user. */
export interface Decision {
  readonly result: InteractionResult
  /** Renders the page that leads back to the client. */
  renderReturn (url: string): string
}

/** Asks users for consent. */
export interface Consent {
  ask (interaction: Interaction): Promise<Asked>
  /** Takes the form of the page; undefined if the page of this interaction did not send it. */
  take (interaction: Interaction, form: URLSearchParams): Promise<Decision | undefined>
}

const DENIED = { error: 'access_denied', error_description: 'the user did not allow it' }

/** Creates the functions that ask for consent. */
export function createConsent (parts: ServerParts): Consent {
  const { settings, keys } = parts
  const memory = createConsentMemory(settings)

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
      if (!mustAsk && await memory.has(request)) return { result: await grant(request, parts) }
      const csrf = keys.sign('consent', signedText(interaction, request))
      return { page: renderPage(request, parts, { csrf, action: urlOfVisit(settings.issuer, interaction.uid) }) }
    },
    async take (interaction, form) {
      const request = await readConsentRequest(interaction, parts)
      if (request === undefined) return undefined
      if (!keys.isSigned('consent', signedText(interaction, request), form.get('csrf') ?? '')) return undefined
      const isAllowed = form.get('decision') === 'allow'
      if (isAllowed) await memory.add(request)
      return {
        result: isAllowed ? await grant(request, parts) : DENIED,
        renderReturn: (url) => renderReturn(request.client.clientName, url)
      }
    }
  }
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
  return { consent: { grantId: await grant.save(Math.round(lifetimes.grant / 1000)) } }
}

function renderPage (
  { account, client, clientId, redirectUri, resource, scopes }: ConsentRequest,
  { settings: { name, scopes: words } }: ServerParts,
  form: { readonly csrf: string, readonly action: string }
): string {
  return renderConsent({
    app: name,
    client: client.clientName,
    publishedBy: client.clientIdMetadataDocument === true ? new URL(clientId).host : undefined,
    redirect: describeRedirect(redirectUri),
    account: account.label,
    resource: resource.id,
    scopes: scopes.map((scope) => words[scope] ?? scope),
    ...form
  })
}

function describeRedirect (uri: string): { readonly shown: string, readonly isLocal: boolean } {
  const { protocol, host } = new URL(uri)
  const isLocal = isLocalRedirect(uri)
  return { shown: protocol === 'https:' ? host : `${protocol}//${host}`, isLocal }
}
