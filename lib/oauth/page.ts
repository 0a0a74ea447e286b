// The pages that users see: consent, the way back to the client, and what went wrong.
import { createHash } from 'node:crypto'
import { html, Html } from './html.ts'

// Written out in lines, as the hash in the policy is made of the text that is sent.
const STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --soft: #57606a; --line: #d5dae1; --ground: #f4f6f9; --card: #fff;
  --accent: #0b5fce; --on: #fff; --warn: #fff6dc; --warn-line: #d9a514;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e8ebef; --soft: #a4adb8; --line: #3a424d; --ground: #101418; --card: #191e25;
    --accent: #7ab4ff; --on: #08182c; --warn: #2f2710; --warn-line: #a8851f;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", Roboto, sans-serif;
}
main {
  width: 100%; max-width: 28rem; padding: 1.75rem;
  background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
}
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 .75rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { margin: .5rem 0; }
ul { margin: .25rem 0; padding-left: 1.25rem; }
dl { margin: 1rem 0; border-top: 1px solid var(--line); }
dl div {
  display: flex; flex-wrap: wrap; gap: .15rem 1rem; justify-content: space-between;
  padding: .55rem 0; border-bottom: 1px solid var(--line);
}
dt { color: var(--soft); }
dd { margin: 0; max-width: 100%; font-weight: 600; overflow-wrap: anywhere; }
.note {
  margin: 1rem 0; padding: .6rem .8rem;
  background: var(--warn); border-left: .25rem solid var(--warn-line); border-radius: .25rem;
}
form { display: flex; gap: .75rem; margin-top: 1.5rem; }
button {
  flex: 1; min-height: 2.75rem; padding: .5rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--ink); background: transparent; border: 1px solid var(--line); border-radius: .5rem;
}
button.main { background: var(--accent); border-color: var(--accent); color: var(--on); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** The headers of every page: nothing but its own style loads, and no site can frame it. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; ` +
    "frame-ancestors 'none'; base-uri 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store'
})

function page (title: string, body: Html, head: Html | undefined = undefined): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${head}
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.text
}

/** The contents of the consent page. */
export interface ConsentPage {
  /** The name of the app. */
  readonly app: string
  /** The name of the client; undefined if it has none. */
  readonly client: string | undefined
  /** The host at which the client's metadata is published, and which therefore vouches for its name. */
  readonly publishedBy: string | undefined
  /** Where the user is sent back to. */
  readonly redirect: { readonly shown: string, readonly isLocal: boolean }
  readonly account: string
  /** The resource the client asks for. */
  readonly resource: string
  /** The scopes in words. */
  readonly scopes: readonly string[]
  readonly csrf: string
  readonly action: string
}

/** Renders the question whether a client may act for the user. */
export function renderConsent (
  { app, client, publishedBy, redirect, account, resource, scopes, csrf, action }: ConsentPage
): string {
  const name = client ?? 'An application without a name'
  return page(`Allow access to ${app}?`, html`
<h1>${name} wants to access ${app} on your behalf</h1>
<h2>It will be able to</h2>
<ul>
<li>Use ${app} as ${account}</li>
${scopes.map((scope) => html`<li>${scope}</li>`)}
</ul>
<dl>
<div><dt>Your account</dt><dd>${account}</dd></div>
<div><dt>Access to</dt><dd>${resource}</dd></div>
${publishedBy !== undefined && html`<div><dt>Application published by</dt><dd>${publishedBy}</dd></div>`}
<div><dt>You return to</dt><dd>${redirect.shown}</dd></div>
</dl>
${note(publishedBy, redirect.isLocal)}
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrf}">
<button name="decision" value="deny">Cancel</button>
<button class="main" name="decision" value="allow">Allow</button>
</form>`)
}

function note (publishedBy: string | undefined, isLocal: boolean): Html {
  if (isLocal) {
    return html`<p class="note">The application runs on your own device. Allow this only if you just started to
connect it yourself.</p>`
  }
  return publishedBy === undefined
    ? html`<p class="note">Anyone can choose this application's name. Allow this only if you trust the address that you
return to.</p>`
    : html`<p>Allow this only if you trust the application.</p>`
}

/** Renders the way back to the client. A redirect in reply to the form would need every client in `form-action`. */
export function renderReturn (client: string | undefined, url: string): string {
  return page('Returning', html`
<h1>Returning to ${client ?? 'the application'}</h1>
<p>If nothing happens, <a href="${url}">continue</a>. You can close this window afterwards.</p>`,
  html`<meta http-equiv="refresh" content="0;url=${url}">`)
}

/** Renders why the sign-in ended. */
export function renderProblem (title: string, text: string): string {
  return page(title, html`
<h1>${title}</h1>
<p>${text}</p>`)
}
