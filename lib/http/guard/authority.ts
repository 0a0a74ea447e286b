// Parses hosts and origins in headers and options: 'api.example.com:8080', 'https://[::1]'.
import { domainToASCII } from 'node:url'

/** A parsed host or origin, normalized: all spellings of the same host are equal. */
export interface Authority {
  /** The scheme with `://`; empty if the text has none. */
  readonly scheme: string
  readonly name: string
  /** Digits, `*` for any port, or empty for no port. The default port of the scheme counts as no port. */
  readonly port: string
}

const AUTHORITY = /^([a-z][a-z\d+.-]*:\/\/)?([\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}|\*))?$/i
const NAME = /^([a-z][a-z\d+.-]*:\/\/)?([^\s:/?#@[\]]+)/i
const NOT_ASCII = /[^\0-\x7f]/
const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http://': '80', 'https://': '443', 'ws://': '80', 'wss://': '443'
}
const MAX_PORT = 65_535

/** Parses the value of a `Host` or `Origin` header. Returns undefined if it is not valid. */
export function parseAuthority (text: string): Authority | undefined {
  const authority = parseListed(text)
  return authority?.port === '*' ? undefined : authority
}

/** Parses an entry of an option. Its port may be `*`, and its name may have letters outside of ASCII. */
export function parseEntry (text: string): Authority | undefined {
  if (!NOT_ASCII.test(text)) return parseListed(text)
  const toAscii = (_whole: string, scheme: string | undefined, name: string): string =>
    `${scheme ?? ''}${domainToASCII(name)}`
  return parseListed(text.replace(NAME, toAscii))
}

function parseListed (text: string): Authority | undefined {
  // RFC 9110 4.2.3: scheme and host are case-insensitive.
  const [whole, scheme = '', name = '', port = ''] = AUTHORITY.exec(text)?.map(toLowerCase) ?? []
  if (whole === undefined || Number(port) > MAX_PORT) return undefined
  const written = port === '' || port === '*' ? port : String(Number(port))
  return { scheme, name: withoutRootDot(name), port: written === DEFAULT_PORTS[scheme] ? '' : written }
}

function toLowerCase (text: string | undefined): string | undefined {
  return text?.toLowerCase()
}

// A trailing dot stands for the root of DNS. Localhost and IP addresses are not looked up in DNS, so they cannot have
// one.
const WITHOUT_ROOT = /^(?:localhost|.*\.\d+)\.$/

function withoutRootDot (name: string): string {
  return name.endsWith('.') && !WITHOUT_ROOT.test(name) ? name.slice(0, -1) : name
}
