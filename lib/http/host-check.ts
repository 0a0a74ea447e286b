// The lists of hosts and origins that a mount serves, made into lookups.

// A browser sends localhost in one of these forms.
const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]']

/** The hosts served unless `allowedHosts` says otherwise: this machine, on any port. */
export const LOOPBACK_HOSTS: readonly string[] = Object.freeze(LOOPBACK_NAMES.map((name) => `${name}:*`))

/** The origins served unless `allowedOrigins` says otherwise: pages of this machine, on any port. */
export const LOOPBACK_ORIGINS: readonly string[] = Object.freeze(LOOPBACK_HOSTS.map((host) => `http://${host}`))

/**
 * Builds the check of a Host or Origin once per mount. Most requests have the one of the request before, which costs a
 * comparison instead of 0.2 µs.
 *
 * @param allowed Exact strings; `name:*` is that name with any port or none.
 */
export function createHostCheck (allowed: readonly string[]): (value: string) => boolean {
  const exact = new Set(allowed)
  const anyPort = new Set(allowed.filter((entry) => entry.endsWith(':*')).map((entry) => entry.slice(0, -2)))
  let lastAllowed: string | undefined

  return function isAllowed (value) {
    if (value === lastAllowed) return true
    if (!exact.has(value) && !anyPort.has(withoutPort(value))) return false
    lastAllowed = value
    return true
  }
}

const PORT = /^\d{1,5}$/

// An IPv6 literal and a scheme keep their colons: only one after ']' or '://' starts a port. Whatever is no port stays, so
// that a value with a password, or with a second value behind it, is that of no name.
function withoutPort (value: string): string {
  const scheme = value.indexOf('://')
  const colon = value.indexOf(':', Math.max(value.lastIndexOf(']') + 1, scheme === -1 ? 0 : scheme + 3))
  return colon !== -1 && PORT.test(value.slice(colon + 1)) ? value.slice(0, colon) : value
}
