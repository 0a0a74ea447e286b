// The pages that ask for nothing: the way back to the client, and what went wrong.
import { fill, html, type Html } from './html.ts'
import type { PageTexts } from './texts.ts'
import type { Content, Wording } from './wording.ts'

/** Renders the way back to the client. A redirect in reply to the form would need every client in `form-action`. */
export function renderReturn (client: string | undefined, url: string, { texts }: Wording): Content {
  return {
    title: texts.returningTitle,
    head: html`<meta http-equiv="refresh" content="0;url=${url}">`,
    body: html`<h1>${fill(texts.returningHeading, { client: client ?? texts.unnamedClient })}</h1>
<p>${texts.returning} <a href="${url}">${texts.proceed}</a></p>`
  }
}

/** Why a sign-in ended. */
export type Problem =
  | { readonly kind: 'busy' | 'expired' | 'foreign' }
  | { readonly kind: 'refused', readonly message?: string, readonly visit: string }
  | { readonly kind: 'cancelled', readonly visit: string }
  | { readonly kind: 'failed', readonly provider: string, readonly visit: string }
  | { readonly kind: 'error', readonly message: string }

/** Renders why a sign-in ended, and how it can go on. */
export function renderProblem (problem: Problem, { texts }: Wording): Content {
  switch (problem.kind) {
    case 'busy': return describe(texts.busyTitle, html`<p>${texts.busy}</p>`)
    case 'expired':
    case 'foreign': return describe(texts.expiredTitle, html`<p>${texts.expired}</p>`)
    case 'refused': return describe(texts.refusedTitle, html`<p>${problem.message ?? texts.refused}</p>
${links(problem.visit, link(stepOf(problem.visit, 'other-account'), texts.otherAccount), texts)}`)
    case 'cancelled': return describe(texts.cancelled, links(problem.visit, link(problem.visit, texts.tryAgain), texts))
    case 'failed': return describe(texts.failedTitle, html`<p>${fill(texts.failed, { provider: problem.provider })}</p>
${links(problem.visit, link(problem.visit, texts.tryAgain), texts)}`)
    case 'error': return describe(texts.errorTitle, html`<p>${texts.error}</p>
<p class="detail" lang="en" dir="ltr">${problem.message}</p>`)
  }
}

/** Another step that a user may take at the page of an authorization request, than to go on. */
export type Step = 'other-account' | 'give-up'

/** Returns the URL at which a user takes a step. */
export function stepOf (visit: string, step: Step): string {
  return `${visit}?step=${step}`
}

function describe (title: string, text: Html): Content {
  const body = html`<h1>${title}</h1>
${text}`
  return { title, body }
}

function links (visit: string, first: Html, { giveUp }: PageTexts): Html {
  return html`<p class="links">${first}${link(stepOf(visit, 'give-up'), giveUp)}</p>`
}

function link (url: string, text: string): Html {
  return html`<a href="${url}">${text}</a>`
}
