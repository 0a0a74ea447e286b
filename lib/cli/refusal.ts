// Explains why a request to an endpoint failed, and what to do about it.
import { ErrorCode } from '../protocol/error-code.ts'
import { Failure } from './command.ts'
import { cleanLine } from './clean.ts'

/** The replies of an endpoint so far. */
export interface Observed {
  /** The reply to the last POST, if it was a refusal or not a reply of MCP. */
  refused?: RefusedReply | undefined
}

interface RefusedReply {
  readonly status: number
  readonly type: string
  readonly challenge: string
  readonly text: string
}

/** The request that failed. */
export interface Asked {
  readonly url: URL
  readonly hasToken: boolean
  readonly timeout: number
}

const LONGEST_BODY = 300
const JSON_TYPE = /^application\/json\b/i
const STREAM_TYPE = /^text\/event-stream\b/i

/** Creates a `fetch` that remembers refusals, because the errors of the clients say too little about them. */
export function observeReplies (observed: Observed): typeof fetch {
  return async function fetchObserved (input, init) {
    const response = await fetch(input, init)
    if (init?.method !== 'POST') return response
    const type = response.headers.get('content-type') ?? ''
    observed.refused = undefined
    if (response.status === 202 || (response.ok && STREAM_TYPE.test(type))) return response
    const text = await response.clone().text()
    if (response.ok && parseMessage(text) !== undefined) return response
    const challenge = response.headers.get('www-authenticate') ?? ''
    observed.refused = { status: response.status, type, challenge, text }
    return response
  }
}

/** Turns an error of a client into a failure that explains it. */
export function explain (error: unknown, { refused }: Observed, asked: Asked): Failure {
  if (error instanceof Failure) return error
  const message = refused === undefined ? explainError(error, asked) : explainReply(refused, asked)
  return new Failure(message, { cause: error })
}

function explainReply ({ status, type, challenge, text }: RefusedReply, { url, hasToken }: Asked): string {
  const error = parseMessage(text)?.error
  const said = quote(String(error?.message ?? text))
  switch (status) {
    case 401:
      return explainChallenge(url, challenge, hasToken)
    case 403:
      return explainForbidden(url, challenge, said)
    case 421:
      return `${url} does not serve the host '${url.host}' (421). Add '${url.host}' to the mount's 'allowedHosts', ` +
        "or set its 'publicUrl'; behind a proxy, pass the Host header on."
    case 406:
    case 415:
      return `${url} does not accept what MCP clients send (${status})${said}. ` +
        'Check that this is the endpoint of an MCP server.'
    case 404:
    case 405:
      if (error !== undefined) break
      return `There is no MCP endpoint at ${url} (${status}). Check the path: that of a mount is its prefix and ` +
        "'/mcp', unless its 'path' says otherwise; 'fastify-mcp-mount dev' prints it."
    default:
  }
  if (error !== undefined) return explainRpc(url, error)
  if (status >= 300 && status < 400) {
    return `${url} redirects to somewhere else (${status}); pass the URL that it redirects to.`
  }
  if (status >= 400) {
    const help = status >= 500 ? 'Look into the log of the server.' : 'Check the URL and the headers.'
    return `${url} failed with ${status}${said}. ${help}`
  }
  const what = JSON_TYPE.test(type)
    ? 'it sends JSON of another kind'
    : `it sends ${cleanLine(type) || 'no content type'}`
  return `${url} answers, but is not an MCP endpoint: ${what}. Check the path.`
}

function explainForbidden (url: URL, challenge: string, said: string): string {
  if (/insufficient_scope/.test(challenge)) {
    const scope = param(challenge, 'scope') ?? 'that is needed'
    return `${url} refuses this token (403): it lacks the scope ${scope}. Get a token with that scope.`
  }
  return `${url} refuses the request (403)${said}. ` +
    "If it names the Origin, add that to the mount's 'allowedOrigins'; otherwise the caller may not do this."
}

function explainChallenge (url: URL, challenge: string, hasToken: boolean): string {
  const metadata = param(challenge, 'resource_metadata')
  const where = metadata === undefined ? '' : ` ${metadata} says who issues tokens.`
  if (!hasToken) return `${url} needs authorization (401): pass --token <token>, or a --header of your own.${where}`
  const why = param(challenge, 'error_description') ?? 'it is not valid here'
  return `${url} refuses this token (401): ${why}. Get a new one.${where}`
}

function explainError (error: unknown, { url, timeout }: Asked): string {
  const code = codeOf(error)
  const { message, code: rpcCode } = error as Error & { readonly code?: unknown }
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${url.host}: connection refused. Start the server, or check host and port.`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `There is no host named '${url.hostname}' (${code}). Check the URL.`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `${url.host} cannot be reached (${code}). Check host and port, and the network between.`
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return `${url.host} closed the connection (${code}). ` +
        `It may speak ${url.protocol === 'http:' ? 'https' : 'http'} only, or have ended.`
    default:
  }
  if (code !== undefined && /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return `The certificate of ${url.host} is not trusted (${code}). ` +
      'Set the environment variable NODE_EXTRA_CA_CERTS to the certificate of its issuer.'
  }
  if (code === 'REQUEST_TIMEOUT' || rpcCode === -32001) {
    return `${url} did not answer in ${timeout} ms. Wait for longer with --timeout <ms>.`
  }
  if (typeof rpcCode === 'number') return explainRpc(url, { code: rpcCode, message })
  return `The request to ${url} failed: ${cleanLine(message)}`
}

// The clients wrap the errors of connections, and so does fetch.
function codeOf (error: unknown): string | undefined {
  for (let cause = error; typeof cause === 'object' && cause !== null; cause = (cause as Error).cause) {
    const { code, errors } = cause as { readonly code?: unknown, readonly errors?: readonly unknown[] }
    // The code of a client's error says less than that of its cause.
    const found = typeof code === 'string' ? code : errors === undefined ? undefined : codeOf(errors[0])
    if (found !== undefined && (found === 'REQUEST_TIMEOUT' || (cause as Error).cause === undefined)) return found
  }
  return undefined
}

interface WireError { readonly code: number, readonly message: string }

function explainRpc (url: URL, { code, message }: WireError): string {
  const help = code === ErrorCode.UnsupportedProtocolVersion ? '. Ask without --era.' : ''
  // The client v1 writes the code before the message.
  return `${url} answered with error ${code}: ${cleanLine(String(message)).replace(/^MCP error -?\d+: /, '')}${help}`
}

// Quotes what a server says, unless that is a web page.
function quote (text: string): string {
  const said = cleanLine(text).slice(0, LONGEST_BODY).replace(/\.$/, '')
  return said === '' || said.startsWith('<') ? '' : `: ${said}`
}

function parseMessage (text: string): { readonly error?: WireError } | undefined {
  try {
    const message = JSON.parse(text) as { readonly jsonrpc?: unknown, readonly error?: WireError }
    return message.jsonrpc === '2.0' ? message : undefined
  } catch {
    return undefined
  }
}

// Reads a parameter of a challenge, which may be quoted (RFC 9110 11.2).
function param (challenge: string, name: string): string | undefined {
  const [, quoted, token] = new RegExp(`\\b${name}=(?:"([^"]*)"|([^\\s,]+))`, 'i').exec(challenge) ?? []
  const value = quoted ?? token
  return value === undefined ? undefined : cleanLine(value)
}
