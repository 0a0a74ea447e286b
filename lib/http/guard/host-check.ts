// The lists of hosts and origins that a mount serves, made into lookups.
import { parseAuthority, parseEntry } from './authority.ts'

// A browser sends localhost in one of these forms.
const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/** The hosts served unless `allowedHosts` says otherwise: this machine, on any port. */
export const LOOPBACK_HOSTS: readonly string[] = Object.freeze(LOOPBACK_NAMES.map((name) => `${name}:*`))

/** The origins served unless `allowedOrigins` says otherwise: pages of this machine, on any port. */
export const LOOPBACK_ORIGINS: readonly string[] = Object.freeze(LOOPBACK_HOSTS.map((host) => `http://${host}`))

/** The Origin of a page that has none, such as a file or a sandboxed frame. */
export const NO_ORIGIN = 'null'

/** The `allowedOrigins` that stand for every origin. */
export const ANY_ORIGIN = '*'

/**
 * Builds the check of a Host or Origin once per mount. Most requests have the same value as the request before, and
 * cost one comparison.
 *
 * @param allowed Hosts or origins; a port `*` is any port or none. `*` alone allows every value.
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

// What a Host header may say where nothing in it tells the scheme: 'api.example.com' is 'api.example.com:443' by https.
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
