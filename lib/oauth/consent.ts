// Whether a client may act for a user: asked on a page, or remembered.
import { createHash } from 'node:crypto'
import type { Account } from './accounts.ts'
import { keepClient } from './adapter.ts'
import { renderConsent, renderReturn } from './page.ts'
import type { Client, Interaction, InteractionResult } from './peers.ts'
import { INTERACTION_PATH, type ServerParts } from './provider.ts'
import { isLocalRedirect } from './redirect-uri.ts'
import type { TrustingResource } from './resources.ts'

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

/** An authorization request, with all that is known of it. */
interface Subject {
  readonly account: Account
  readonly client: Client
  readonly clientId: string
  readonly redirectUri: string
  /** The resource as the client wrote it. */
  readonly requested: string
  readonly resource: TrustingResource
  /** The scopes that the client asks for and the user may grant. */
  readonly scopes: readonly string[]
  /** The scopes that the client asks for and the user may not grant. */
  readonly refused: readonly string[]
}

const DENIED = { error: 'access_denied', error_description: 'the user did not allow it' }

/** Creates the function that asks for consent. */
export function createConsent ({ settings, keys, accounts, findResource, provider }: ServerParts): Consent {
  const { store, name, issuer, lifetimes, remembersConsent, scopes: words } = settings

  async function readSubject ({ session, params }: Interaction): Promise<Subject | undefined> {
    const { client_id: clientId, redirect_uri: redirectUri, resource: requested } = params
    // The provider has checked them.
    if (typeof clientId !== 'string' || typeof redirectUri !== 'string') return undefined
    if (typeof requested !== 'string') return undefined
    const account = await accounts.find(session?.accountId ?? '')
    const client = await provider.Client.find(clientId)
    const resource = await findResource(requested)
    if (account === undefined || client === undefined || resource === undefined) return undefined
    const known = new Set([...Object.keys(words), ...resource.scopes])
    const asked = String(params['scope'] ?? '').split(' ').filter((scope) => known.has(scope))
    const mayGrant = (scope: string): boolean => account.scopes === undefined || account.scopes.includes(scope)
    return {
      account,
      client,
      clientId,
      redirectUri,
      requested,
      resource,
      scopes: asked.filter(mayGrant),
      refused: asked.filter((scope) => !mayGrant(scope))
    }
  }

  // The cookie of the interaction binds the form to the browser; this binds it to what the page showed.
  function signedText ({ uid }: Interaction, { account, clientId, redirectUri, requested, scopes }: Subject): string {
    return JSON.stringify([uid, account.subject, clientId, redirectUri, requested, scopes])
  }

  function memoryKey ({ account, clientId, redirectUri, resource }: Subject): string {
    const text = JSON.stringify([account.subject, clientId, redirectUri, resource.id])
    return `consent:${createHash('sha256').update(text).digest('base64url')}`
  }

  async function isRemembered (subject: Subject, { params }: Interaction): Promise<boolean> {
    const asksAgain = String(params['prompt'] ?? '').split(' ').includes('consent')
    if (!remembersConsent || asksAgain || isLocalRedirect(subject.redirectUri)) return false
    const granted = await store.get(memoryKey(subject))
    if (granted === undefined) return false
    const before = new Set(granted.split(' '))
    return subject.scopes.every((scope) => before.has(scope))
  }

  async function remember (subject: Subject): Promise<void> {
    if (!remembersConsent || isLocalRedirect(subject.redirectUri)) return
    await store.set(memoryKey(subject), subject.scopes.join(' '), lifetimes.consent)
  }

  async function grant ({ account, clientId, requested, scopes, refused }: Subject): Promise<InteractionResult> {
    const grant = new provider.Grant({ accountId: account.subject, clientId })
    grant.addOIDCScope('openid')
    if (scopes.length > 0) grant.addResourceScope(requested, scopes.join(' '))
    if (refused.length > 0) grant.rejectResourceScope(requested, refused.join(' '))
    await keepClient(store, clientId, lifetimes.grant)
    return { consent: { grantId: await grant.save(Math.round(lifetimes.grant / 1000)) } }
  }

  function renderPage (interaction: Interaction, subject: Subject): string {
    const { account, client, clientId, redirectUri, resource, scopes } = subject
    return renderConsent({
      app: name,
      client: client.clientName,
      publishedBy: client.clientIdMetadataDocument === true ? new URL(clientId).host : undefined,
      redirect: describeRedirect(redirectUri),
      account: account.label,
      resource: resource.id,
      scopes: scopes.map((scope) => words[scope] ?? scope),
      csrf: keys.sign('consent', signedText(interaction, subject)),
      action: `${issuer}${INTERACTION_PATH}/${interaction.uid}`
    })
  }

  return {
    async ask (interaction) {
      const subject = await readSubject(interaction)
      if (subject === undefined) return { result: DENIED }
      if (await isRemembered(subject, interaction)) return { result: await grant(subject) }
      return { page: renderPage(interaction, subject) }
    },
    async take (interaction, form) {
      const subject = await readSubject(interaction)
      if (subject === undefined) return undefined
      if (!keys.isSigned('consent', signedText(interaction, subject), form.get('csrf') ?? '')) return undefined
      const isAllowed = form.get('decision') === 'allow'
      if (isAllowed) await remember(subject)
      return {
        result: isAllowed ? await grant(subject) : DENIED,
        renderReturn: (url) => renderReturn(subject.client.clientName, url)
      }
    }
  }
}

function describeRedirect (uri: string): { readonly shown: string, readonly isLocal: boolean } {
  const { protocol, host } = new URL(uri)
  const isLocal = isLocalRedirect(uri)
  return { shown: protocol === 'https:' ? host : `${protocol}//${host}`, isLocal }
}
