// Sends the request of one route: from arguments to the reply.
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'
import { ToolError } from '../errors.ts'
import type { WireObject } from '../protocol/message.ts'
import type { RequestContext } from '../server/call/request-context.ts'
import type { Candidate } from './choose.ts'
import type { ResolvedExpose } from './expose-options.ts'
import { sendInner, type InnerHeaders } from './inner-request.ts'
import { TooLongError, type InnerReply } from './inner-response.ts'
import type { RequestParts, RouteInput } from './input.ts'
import type { BodyType } from './parts.ts'
import { buildPath, toWellFormed, type PathValues, type RoutePath } from './path.ts'
import { buildQuery } from './query.ts'
import { isOwnRoute } from './rivals.ts'
import { createMessageReader, type ReadMessages } from './stream-messages.ts'

/** A route, and how its requests are made. */
export interface SendableRoute {
  readonly app: FastifyInstance
  readonly candidate: Candidate
  readonly path: RoutePath
  readonly bodyType: BodyType
  readonly input: RouteInput
  readonly expose: ResolvedExpose
}

/** A reply, and the URI of what was requested. */
export interface RouteReply extends InnerReply {
  readonly uri: string
}

/** Sends a request with arguments. @throws ToolError when no request can carry them, or the reply is too long. */
export type SendRoute = (args: WireObject, ctx: RequestContext) => Promise<RouteReply>

type RouteConstraint = NonNullable<RouteShorthandOptions['constraints']>

const PASSED_ON = ['accept-language', 'traceparent', 'tracestate']
const ACCEPT = 'application/json, text/*;q=0.9, */*;q=0.8'

/** Creates the function that sends the requests of a route. */
export function createSendRoute (route: SendableRoute): SendRoute {
  const { app, candidate: { method, url, constraints }, path, bodyType, input, expose } = route
  const { maxResponseBytes: maxLength } = expose
  const forwarded = [...new Set([...PASSED_ON, ...expose.forward.map((name) => name.toLowerCase())])]
  const host = typeof constraints.host === 'string' ? constraints.host : undefined
  const version = typeof constraints.version === 'string' ? constraints.version : undefined

  return async function sendRoute (args, ctx) {
    const parts = input.split(args)
    const values = readParams(parts, path)
    const target = buildPath(path, values)
    const body = encodeBody(parts.body, bodyType)
    const asked = host ?? ctx.request?.host ?? 'localhost'
    const headers: InnerHeaders = {
      ...readForwarded(ctx),
      ...toHeaders(parts.headers),
      ...lowerNames((await expose.request?.(ctx))?.headers),
      host: asked,
      ...(version !== undefined && { 'accept-version': version }),
      ...(body !== undefined && { 'content-type': bodyType, 'content-length': String(Buffer.byteLength(body)) })
    }
    const found = app.findRoute({ method, url: target, constraints: constraintsOf(asked, headers) })
    if (!isOwnRoute(found, values)) {
      throw new ToolError(`404 Not Found: ${method} ${url} has no such path: ${target}`)
    }

    const query = buildQuery(parts.query)
    const init = { method, url: query === '' ? target : `${target}?${query}`, headers, body, ctx }
    try {
      const reply = await sendInner(app, init, { signal: ctx.signal, maxLength, onChunk: createProgress(ctx) })
      return { ...reply, uri: toUri(ctx, asked, init.url) }
    } catch (error) {
      if (!(error instanceof TooLongError)) throw error
      throw new ToolError(`The request was served, but ${error.message}; ask for less`)
    }
  }

  function readForwarded ({ request }: RequestContext): InnerHeaders {
    const headers: InnerHeaders = { accept: ACCEPT }
    for (const name of forwarded) {
      const value = request?.headers[name]
      if (value !== undefined) headers[name] = String(value)
    }
    return headers
  }
}

// Reports each message of a stream as progress.
function createProgress (ctx: RequestContext): (chunk: Buffer, type: string) => Promise<unknown> | undefined {
  let read: ReadMessages | false | undefined
  let count = 0
  return (chunk, type) => {
    read ??= createMessageReader(type) ?? false
    if (read === false) return undefined
    const messages = read(chunk)
    if (messages.length === 0) return undefined
    return Promise.all(messages.map((message) => ctx.reportProgress(++count, undefined, message)))
  }
}

function constraintsOf (host: string, { 'accept-version': version }: InnerHeaders): RouteConstraint {
  return { host, ...(version !== undefined && { version }) }
}

function readParams ({ params }: RequestParts, path: RoutePath): PathValues {
  const values = new Map<string, string>()
  for (const { name, isOptional } of path.params) {
    const value = params.get(name)
    if (value === undefined || value === null) {
      if (!isOptional) throw new ToolError(`Invalid arguments: '${name}' is missing, which the path needs`)
    } else if (typeof value === 'object') {
      throw new ToolError(`Invalid arguments: '${name}' must be a text, a number, or true or false`)
    } else values.set(name, toWellFormed(String(value)))
  }
  return values
}

function encodeBody (body: unknown, type: BodyType): string | undefined {
  if (body === undefined) return undefined
  return type === 'text/plain' ? String(body) : JSON.stringify(body)
}

function toHeaders (values: ReadonlyMap<string, unknown>): InnerHeaders {
  const headers: InnerHeaders = {}
  for (const [name, value] of values) {
    if (value === undefined || value === null) continue
    const text = String(value)
    // RFC 9110 5.5; what an HTTP client could not send either.
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
      throw new ToolError(`Invalid arguments: '${name}' has characters that a header cannot carry`)
    }
    headers[name.toLowerCase()] = text.trim()
  }
  return headers
}

function lowerNames (headers: { readonly [name: string]: string } = {}): InnerHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function toUri ({ request }: RequestContext, host: string, url: string): string {
  return `${request?.protocol ?? 'http'}://${host}${url}`
}
