// The page of an endpoint: what it is, and how to connect clients.
import { createHash } from 'node:crypto'
import { html, Html } from '../oauth/pages/html.ts'
import { listConnecting, type Connecting } from './connect.ts'

/** What the page says. */
export interface EndpointPage {
  readonly name: string
  /** The name of the mount. */
  readonly mount: string
  readonly url: string
  /** The path and the query of the request. */
  readonly path: string
  /** The path of the explorer; undefined if there is none. */
  readonly explorer: string | undefined
  /** Whether callers need a token. */
  readonly needsToken: boolean
}

const STYLE = `
:root { color-scheme: light dark; --line: #dce1e4; --soft: #56626b; --sunken: #eef1f2; --accent: #0a6b5c; }
@media (prefers-color-scheme: dark) {
  :root { --line: #2a343a; --soft: #9eabb4; --sunken: #171d21; --accent: #5fd4bd; }
}
body { font: 16px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1rem; margin: 1.5rem 0 .25rem; } p { margin: .4rem 0; }
a { color: var(--accent); } .soft { color: var(--soft); } nav { margin: 1rem 0; display: flex; gap: 1.25rem; }
pre {
  background: var(--sunken); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; margin: .3rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font: .87rem/1.5 ui-monospace, monospace; }
section { position: relative; }
button {
  position: absolute; right: 0; top: 0; font: inherit; font-size: .85rem; border: 1px solid var(--line);
  border-radius: 6px; background: none; color: inherit; padding: .1rem .6rem; cursor: pointer;
}
`

const SCRIPT = `
document.addEventListener('click', async ({ target }) => {
  if (target.tagName !== 'BUTTON') return
  const text = target.parentElement.querySelector('pre')
  // Pages that came by plain HTTP from another machine have no clipboard.
  if (navigator.clipboard === undefined) {
    getSelection().selectAllChildren(text)
    document.execCommand('copy')
  } else await navigator.clipboard.writeText(text.textContent)
  target.textContent = 'Copied'
  setTimeout(() => { target.textContent = 'Copy' }, 1500)
})
`

// Not in the tagged template below: for the end of a script there, the bundler needs a helper of another package.
const SCRIPT_ELEMENT = `<script>${SCRIPT}</script>`

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** The headers of the page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  'content-security-policy': [
    "default-src 'none'",
    `script-src ${hashOf(SCRIPT)}`,
    `style-src ${hashOf(STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join('; '),
  'referrer-policy': 'no-referrer',
  vary: 'accept',
  'x-content-type-options': 'nosniff'
})

/** Renders the page. */
export function renderEndpointPage (page: EndpointPage): string {
  const { name, url, needsToken } = page
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<h1>${name}</h1>
<p class="soft">This is an endpoint for AI clients: a server of the <a href="https://modelcontextprotocol.io" rel="noreferrer">Model
Context Protocol</a>. Browsers cannot use it, so connect a client.</p>
${needsToken && html`<p>Clients sign in when they connect.</p>`}
${renderLink(page)}
${listConnecting(name, url).map(renderConnecting)}
</main>
${new Html(SCRIPT_ELEMENT)}
</body>
</html>
`.text
}

// Relative, because a proxy may have changed the path.
function renderLink ({ explorer, path, mount }: EndpointPage): Html | undefined {
  if (explorer === undefined) return undefined
  const [own = ''] = path.split('?', 1)
  const up = '../'.repeat(own.split('/').length - 2)
  const target = `${up}${explorer.slice(1)}/#/${encodeURIComponent(mount)}`
  return html`<nav><a href="./${target}">Look at it and try it in the explorer</a></nav>`
}

function renderConnecting ({ client, how, text, link }: Connecting): Html {
  return html`<section>
<h2>${client}</h2>
<button type="button" aria-label="Copy the text for ${client}">Copy</button>
<p class="soft">${how}${link !== undefined && html`, or <a href="${link}">install it in ${client}</a>`}.</p>
<pre>${text}</pre>
</section>`
}
