// Converts a request of a mount to a web `Request`, for servers that need one.
import type { FastifyRequest } from 'fastify'
import { encodeHeaderValue } from '../protocol/headers.ts'
import type { NotificationMessage, Params } from '../protocol/message.ts'
import { CLIENT_CAPABILITIES_KEY, PROTOCOL_VERSION_KEY } from '../protocol/request-meta.ts'
import type { Caller, Channel, Incoming } from '../server/call/incoming.ts'

// These headers belong to the connection, to this mount's session, or to the body, which is encoded again.
const NOT_PASSED_ON: readonly string[] = [
  'connection', 'content-encoding', 'content-length', 'expect', 'host', 'keep-alive', 'mcp-session-id', 'te', 'trailer',
  'transfer-encoding', 'upgrade'
]

/** The URL of a request that did not come over HTTP. */
export const LOCAL_URL = 'http://localhost/mcp'

/** A POST, and the message in it. */
export interface WebRequest { readonly request: Request, readonly body: object }

/**
 * Creates a POST of one message. The id of this mount's session is not passed on, because the server does not know it.
 * @param signal Aborted when the client no longer waits for the answer.
 */
export function createWebRequest ({ message, caller, channel }: Incoming<object>, signal?: AbortSignal): WebRequest {
  const completed = caller.era === 'modern' && { params: completeParams(message, caller) }
  const body = { jsonrpc: '2.0', ...message, ...completed }
  const url = channel.request === undefined ? undefined : urlOf(channel.request)
  const request = new Request(url ?? LOCAL_URL, {
    method: 'POST',
    headers: createHeaders(body, caller, channel),
    body: JSON.stringify(body),
    ...(signal !== undefined && { signal })
  })
  return { request, body }
}

// Adds the `_meta` that calls of the host app lack.
function completeParams ({ params = {} }: { readonly params?: Params }, { protocolVersion, client }: Caller): Params {
  if (params._meta?.[PROTOCOL_VERSION_KEY] !== undefined) return params
  const own = { [PROTOCOL_VERSION_KEY]: protocolVersion, [CLIENT_CAPABILITIES_KEY]: client.capabilities }
  return { ...params, _meta: { ...params._meta, ...own } }
}

function createHeaders (message: Partial<NotificationMessage>, caller: Caller, { request }: Channel): Headers {
  const { method, params } = message
  const { era, protocolVersion } = caller
  const headers = new Headers()
  for (const [name, value] of Object.entries(request?.headers ?? {})) {
    if (value !== undefined && !name.startsWith(':') && !NOT_PASSED_ON.includes(name)) headers.set(name, String(value))
  }
  headers.set('content-type', 'application/json')
  headers.set('accept', 'application/json, text/event-stream')
  headers.set('mcp-protocol-version', protocolVersion)
  if (era === 'modern' && request === undefined && method !== undefined) {
    headers.set('mcp-method', method)
    const name = params?.name ?? params?.uri
    if (typeof name === 'string') headers.set('mcp-name', encodeHeaderValue(name))
  }
  return headers
}

/** Returns the `requestInfo` that the SDK's transports pass to handlers; undefined if there is no HTTP request. */
export function readRequestInfo ({ request }: Channel): object | undefined {
  return request === undefined ? undefined : { headers: request.headers, url: urlOf(request) }
}

// Returns the URL of a request, as in the SDK; undefined if its Host header is not a valid host.
function urlOf ({ url, protocol, host }: FastifyRequest): URL | undefined {
  const base = `${protocol}://${host}`
  return URL.canParse(url, base) ? new URL(url, base) : undefined
}
