// Checks Host and Origin headers against the lists of a mount.
import { parseAuthority, parseEntry } from './authority.ts'

// Browsers send localhost in one of these forms.
const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/** The default of `allowedHosts`: this machine, on any port. */
export const LOOPBACK_HOSTS: readonly string[] = Object.freeze(LOOPBACK_NAMES.map((name) => `${name}:*`))

/** The default of `allowedOrigins`: pages of this machine, on any port. */
export const LOOPBACK_ORIGINS: readonly string[] = Object.freeze(LOOPBACK_HOSTS.map((host) => `http://${host}`))

/** The Origin header of a page without an origin, such as a file or a sandboxed frame. */
export const NO_ORIGIN = 'null'

/** The value of `allowedOrigins` that allows every origin. */
export const ANY_ORIGIN = '*'

/**
 * Creates the check of a Host or Origin, once per mount. Most requests have the same value as the request before, and
 * cost one comparison.
 *
 * @param allowed Hosts or origins; the port `*` means any port or none. `*` alone allows every value.
 */
export function createHostCheck (allowed: readonly string[] | typeof ANY_ORIGIN): (value: string) => boolean {
  if (allowed === ANY_ORIGIN) return () => true
  const keys = new Set(allowed.flatMap(keysOf))
  const allowsNull = allowed.includes(NO_ORIGIN)
  let lastAllowed: string | undefined

  return function isAllowed (value) {
    if (value === lastAllowed) return true
    if (value === NO_ORIGIN ? !allowsNull : !matches(value)) return false
    lastAllowed = value
    return true
  }

  function matches (value: string): boolean {
    const authority = parseAuthority(value)
    if (authority === undefined) return false
    const name = authority.scheme + authority.name
    return keys.has(`${name}:*`) || keys.has(`${name}:${authority.port}`)
  }
}

// The ports of a Host header that may mean the same host. The header has no scheme, so 'api.example.com' may stand for
// 'api.example.com:443' or 'api.example.com:80'.
const UNNAMED_PORTS = ['', '80', '443']

function keysOf (entry: string): readonly string[] {
  const authority = entry === NO_ORIGIN ? undefined : parseEntry(entry)
  if (authority === undefined) return []
  const { scheme, name, port } = authority
  return portsFor(scheme, port).map((one) => `${scheme}${name}:${one}`)
}

function portsFor (scheme: string, port: string): readonly string[] {
  if (scheme !== '' || !UNNAMED_PORTS.includes(port)) return [port]
  return port === '' ? UNNAMED_PORTS : ['', port]
}
