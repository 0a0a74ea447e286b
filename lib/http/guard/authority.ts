// A host as headers and options write it, with or without a scheme before it: 'api.example.com:8080', 'https://[::1]'.
import { domainToASCII } from 'node:url'

/** What such a text says, in one form for all spellings of the same. */
export interface Authority {
  /** With `://`; empty where there is none. */
  readonly scheme: string
  readonly name: string
  /** Digits, `*` for any port, or empty for none. The default port of the scheme is none. */
  readonly port: string
}

const AUTHORITY = /^([a-z][a-z\d+.-]*:\/\/)?([\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}|\*))?$/i
const NAME = /^([a-z][a-z\d+.-]*:\/\/)?([^\s:/?#@[\]]+)/i
const NOT_ASCII = /[^\0-\x7f]/
const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'http://': '80', 'https://': '443', 'ws://': '80', 'wss://': '443'
}
const MAX_PORT = 65_535

/** Reads the value of a `Host` or `Origin` header; undefined for anything else. */
export function parseAuthority (text: string): Authority | undefined {
  const authority = parseListed(text)
  return authority?.port === '*' ? undefined : authority
}

/** Reads an entry of an option, whose port may be `*` and whose name may have any letters. */
export function parseEntry (text: string): Authority | undefined {
  if (!NOT_ASCII.test(text)) return parseListed(text)
  const toAscii = (_whole: string, scheme: string | undefined, name: string): string =>
    `${scheme ?? ''}${domainToASCII(name)}`
  return parseListed(text.replace(NAME, toAscii))
}

function parseListed (text: string): Authority | undefined {
  // RFC 9110 4.2.3: neither the case of the scheme nor that of the host counts.
  const [whole, scheme = '', name = '', port = ''] = AUTHORITY.exec(text)?.map(toLowerCase) ?? []
  if (whole === undefined || Number(port) > MAX_PORT) return undefined
  const written = port === '' || port === '*' ? port : String(Number(port))
  return { scheme, name: withoutRootDot(name), port: written === DEFAULT_PORTS[scheme] ? '' : written }
}

function toLowerCase (text: string | undefined): string | undefined {
  return text?.toLowerCase()
}

// The dot at the end of a name is the root of DNS. Localhost and addresses are not looked up there, and have none.
const WITHOUT_ROOT = /^(?:localhost|.*\.\d+)\.$/

function withoutRootDot (name: string): string {
  return name.endsWith('.') && !WITHOUT_ROOT.test(name) ? name.slice(0, -1) : name
}
