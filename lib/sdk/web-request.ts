// A request of this mount as a web `Request`, for servers that want one.
import type { FastifyRequest } from 'fastify'
import { encodeHeaderValue } from '../protocol/header-value.ts'
import type { Params } from '../protocol/message.ts'
import { CLIENT_CAPABILITIES_KEY, PROTOCOL_VERSION_KEY } from '../protocol/request-meta.ts'
import type { Caller, Channel } from '../server/context.ts'

// Of the connection, or of a body that is written anew.
const NOT_PASSED_ON: readonly string[] = ['connection', 'content-encoding', 'content-length', 'expect', 'host', 'keep-alive', 'mcp-session-id', 'te', 'trailer', 'transfer-encoding', 'upgrade']

/** Where a request is sent that did not come over HTTP. */
export const LOCAL_URL = 'http://localhost/mcp'

/** A POST, and the message in it. */
export interface WebRequest { readonly request: Request, readonly body: object }

/**
 * Builds a POST of one message. The session is this mount's own, so its id is not passed on.
 * @param signal Aborted when nobody waits for the answer any more.
 */
export function createWebRequest (message: object, caller: Caller, channel: Channel, signal?: AbortSignal): WebRequest {
  const body = { jsonrpc: '2.0', ...message, ...(caller.era === 'modern' && { params: completeParams(message, caller) }) }
  const url = channel.request === undefined ? undefined : urlOf(channel.request)
  const request = new Request(url ?? LOCAL_URL, {
    method: 'POST',
    headers: createHeaders(body, caller, channel),
    body: JSON.stringify(body),
    ...(signal !== undefined && { signal })
  })
  return { request, body }
}

// What the host app asks of its own accord has no `_meta` yet.
function completeParams ({ params = {} }: { readonly params?: Params }, { protocolVersion, client }: Caller): Params {
  if (params._meta?.[PROTOCOL_VERSION_KEY] !== undefined) return params
  return { ...params, _meta: { ...params._meta, [PROTOCOL_VERSION_KEY]: protocolVersion, [CLIENT_CAPABILITIES_KEY]: client.capabilities } }
}

function createHeaders ({ method, params }: { readonly method?: string, readonly params?: Params }, { era, protocolVersion }: Caller, { request }: Channel): Headers {
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

/** What the SDK's transports tell a handler of the HTTP request. */
export function readRequestInfo ({ request }: Channel): object | undefined {
  return request === undefined ? undefined : { headers: request.headers, url: urlOf(request) }
}

// The address that a request was sent to, as the SDK has it; undefined where its Host is none.
function urlOf ({ url, protocol, host }: FastifyRequest): URL | undefined {
  const base = `${protocol}://${host}`
  return URL.canParse(url, base) ? new URL(url, base) : undefined
}
