// The question whether a client may act for a user.
import { fill, fillPlain, html, type Html } from './html.ts'
import type { Content, Wording } from './wording.ts'

/** The contents of the consent page. */
export interface ConsentPage {
  /** The name of the client; undefined if it has none. */
  readonly client: string | undefined
  /** The host at which the client's metadata is published, and which therefore vouches for its name. */
  readonly publishedBy: string | undefined
  /** Where the user is sent back to. */
  readonly redirect: { readonly shown: string, readonly isLocal: boolean }
  readonly account: string
  /** The resource the client asks for. */
  readonly resource: string
  readonly scopes: readonly string[]
  readonly csrf: string
  /** The URL that the form is sent to. */
  readonly action: string
  /** The URL at which the user signs in with another account. */
  readonly otherAccount: string
}

/** Renders the question. */
export function renderConsent (page: ConsentPage, { app, texts, wordsOf }: Wording): Content {
  const { client = texts.unnamedClient, account, scopes, publishedBy, redirect, csrf, action } = page
  const names = { app, client, account }
  return {
    title: fillPlain(texts.consentTitle, names),
    body: html`<h1>${fill(texts.consentHeading, names)}</h1>
<h2>${texts.abilities}</h2>
<ul>
<li>${fill(texts.useAs, names)}</li>
${scopes.map((scope) => html`<li>${wordsOf(scope)}</li>
`)}</ul>
<dl>
<div><dt>${texts.account}</dt><dd><bdi>${account}</bdi></dd>
<dd class="link"><a href="${page.otherAccount}">${texts.otherAccount}</a></dd></div>
${row(texts.resource, page.resource)}
${publishedBy !== undefined && row(texts.publisher, publishedBy)}
${row(texts.returnTo, redirect.shown)}
</dl>
${advice(page, { app, texts, wordsOf })}
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<button name="decision" value="deny">${texts.cancel}</button>
<button class="main" name="decision" value="allow">${texts.allow}</button>
</form>`
  }
}

// Hosts and URLs are written from left to right in every language. A long one breaks behind a slash.
function row (term: string, address: string): Html {
  const parts = address.split(/(?<=[^/]\/)(?=[^/])/).map((part, index) => index === 0 ? part : html`<wbr>${part}`)
  return html`<div><dt>${term}</dt><dd><bdi dir="ltr">${parts}</bdi></dd></div>`
}

function advice ({ publishedBy, redirect }: ConsentPage, { texts }: Wording): Html {
  if (redirect.isLocal) return html`<p class="note">${texts.localAdvice}</p>`
  return publishedBy === undefined
    ? html`<p class="note">${texts.unverifiedAdvice}</p>`
    : html`<p>${texts.publishedAdvice}</p>`
}
