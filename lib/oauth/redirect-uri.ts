// Which redirect URIs clients may register.

/** The `redirects` option, completed. */
export interface RedirectRules {
  /** The schemes of apps that are accepted beside https and loopback, without the colon, such as `cursor`. */
  readonly customSchemes: readonly string[]
  /** Whether a redirect URI is accepted that the other rules accept. */
  readonly allowRedirect: ((url: URL) => boolean) | undefined
}

/** The hosts of the machine that this process runs on. */
export const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])
const MAX_LENGTH = 2048

// Browsers run or show these themselves.
const FORBIDDEN_SCHEMES = /^(?:https?|wss?|ftp|file|data|blob|about|javascript|vbscript|filesystem|view-source)$/

/** Whether a value is a scheme that an app on the user's device may have, without the colon. */
export function isAppScheme (value: unknown): boolean {
  return typeof value === 'string' && /^[a-z][a-z\d+.-]*$/.test(value) && !FORBIDDEN_SCHEMES.test(value)
}

/** Whether a URI leads to the user's own machine, where any program may listen or claim the scheme. */
export function isLocalRedirect (uri: string): boolean {
  return new URL(uri).protocol !== 'https:'
}

/** Returns what is wrong with a redirect URI; undefined if a client may register it. */
export function findRedirectProblem (
  uri: unknown, { customSchemes, allowRedirect }: RedirectRules
): string | undefined {
  // A parser would remove tabs, turn '\' into '/', and resolve dot segments, and so compare another URI than browsers.
  if (typeof uri !== 'string' || uri.length > MAX_LENGTH || !/^[!-[\]-~]+$/.test(uri)) {
    return `must be a string of at most ${MAX_LENGTH} visible ASCII characters without '\\'`
  }
  if (!URL.canParse(uri)) return 'must be an absolute URI'
  const url = new URL(uri)
  if (uri.includes('#')) return 'must not have a fragment'
  if (url.username !== '' || url.password !== '' || hasUserInfo(uri)) return 'must not have user information'
  if (uri.includes('*')) return "must not have a '*'"
  if (/(?:^|[/\\])(?:\.|%2e){1,2}(?:[/?\\]|$)/i.test(uri)) return "must not have a '.' or '..' segment"
  const problem = findSchemeProblem(url, customSchemes)
  if (problem !== undefined) return problem
  return allowRedirect === undefined || allowRedirect(url) ? undefined : 'is not accepted by this server'
}

function findSchemeProblem ({ protocol, hostname }: URL, customSchemes: readonly string[]): string | undefined {
  if (protocol === 'https:') return undefined
  if (protocol === 'http:') return LOOPBACK.has(hostname) ? undefined : 'must use https, except on loopback'
  return customSchemes.includes(protocol.slice(0, -1)) ? undefined : `must use https, not ${protocol.slice(0, -1)}`
}

function hasUserInfo (uri: string): boolean {
  const [, authority = ''] = /^[^:]*:\/\/([^/?#]*)/.exec(uri) ?? []
  return authority.includes('@')
}
