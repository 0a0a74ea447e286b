// The document that an app of a tool (MCP Apps) runs in: it has an origin of its own, and a policy made for the app.

/**
 * The document. It becomes the app when the page sends it the app's HTML. A document that is written anew keeps its
 * policy and loses its listeners, so the app cannot be replaced.
 */
export const APP_FRAME = `<!doctype html>
<meta charset="utf-8">
<title>App</title>
<script>
addEventListener('message', ({ source, data }) => {
  if (source !== parent || typeof data.html !== 'string') return
  document.open()
  document.write(data.html)
  document.close()
})
</script>
`

// An origin, whose host may begin with a wildcard. Whatever else stands in a policy has no place here.
const SOURCE = /^(?:https?|wss?):\/\/(?:(?:\*\.)?[\w.-]+|\[[\da-f:]+\])(?::\d+)?$/i

/**
 * Returns the headers of the document. The query names the origins that the app asks for: `connect`, `resource`,
 * `frame` and `base`, each any number of times.
 * @see MCP Apps 2026-01-26, Content Security Policy Enforcement
 */
export function createAppHeaders (query: URLSearchParams): Readonly<Record<string, string>> {
  const allow = (name: string, ...own: readonly string[]): string => {
    const sources = [...own, ...query.getAll(name).filter((source) => SOURCE.test(source))]
    return sources.length === 0 ? "'none'" : sources.join(' ')
  }
  return {
    'cache-control': 'no-cache',
    'content-security-policy': [
      "default-src 'none'",
      // 'self' would be the app that serves the explorer.
      // Whatever is written into the document may run, so code that an app makes of a text may do no more.
      `script-src ${allow('resource', "'unsafe-inline'", "'unsafe-eval'", 'blob:')}`,
      `style-src ${allow('resource', "'unsafe-inline'")}`,
      `img-src ${allow('resource', 'data:', 'blob:')}`,
      `media-src ${allow('resource', 'data:', 'blob:')}`,
      `font-src ${allow('resource', 'data:')}`,
      'worker-src blob:',
      `connect-src ${allow('connect')}`,
      `frame-src ${allow('frame')}`,
      `base-uri ${allow('base')}`,
      "form-action 'none'",
      "frame-ancestors 'self'",
      // Also where the document is opened without the frame of the page.
      'sandbox allow-scripts allow-forms'
    ].join('; '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff'
  }
}
