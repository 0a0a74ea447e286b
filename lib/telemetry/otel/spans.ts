// Makes a span of each request.
import type { AsyncLocalStorage } from 'node:async_hooks'
import type * as Api from '@opentelemetry/api'
import { shorten } from '../../protocol/bounds.ts'
import { requests } from '../channels.ts'
import type { RequestEvent } from '../events.ts'
import { describeEnd, describeRequest, describeSpan } from './attributes.ts'
import { guard } from './guard.ts'
import { Attribute } from './names.ts'
import type { ResolvedOtelOptions } from './options.ts'

/** What spans are made with. */
export interface SpanSettings extends ResolvedOtelOptions {
  readonly api: typeof Api
  isOwn (event: RequestEvent): boolean
}

const FAULTS: ReadonlySet<unknown> = new Set(['tool_error', 'timeout', 'crash'])

/** Makes a span of each request from now on. Returns what ends this. */
export function startSpans (settings: SpanSettings): () => void {
  const { api, isOwn } = settings
  const tracer = api.trace.getTracer('fastify-mcp-mount')
  const spans = new WeakMap<RequestEvent, Api.Span>()

  // OpenTelemetry hides its store. This one has the only method that Node.js calls.
  const store = {
    run: (context: Api.Context | undefined, next: () => unknown) =>
      context === undefined ? next() : api.context.with(context, next)
  } as unknown as AsyncLocalStorage<unknown>

  function begin (event: RequestEvent): Api.Context {
    const { parent, links } = readParent(api, event)
    const { method, tool, prompt } = event
    const target = tool ?? prompt
    const options: Api.SpanOptions = {
      kind: api.SpanKind.SERVER, links, attributes: { ...describeRequest(event), ...describeSpan(event) }
    }
    const span = tracer.startSpan(shorten(target === undefined ? method : `${method} ${target}`), options, parent)
    spans.set(event, span)
    return api.trace.setSpan(parent, span)
  }

  function end (event: RequestEvent): void {
    const span = spans.get(event)
    if (span === undefined) return
    const { outcome, error } = event
    span.setAttributes({ ...describeEnd(event), ...describeContents(event, settings) })
    if (FAULTS.has(outcome)) {
      span.setStatus({ code: api.SpanStatusCode.ERROR, ...(error instanceof Error && { message: error.message }) })
    }
    span.end()
  }

  const onEnd = (message: unknown): void => {
    // The channel has no other messages.
    guard(api, 'a span', () => end(message as RequestEvent))
  }
  requests.start.bindStore(store, (event) => isOwn(event) ? guard(api, 'a span', () => begin(event)) : undefined)
  requests.asyncEnd.subscribe(onEnd)
  return function endSpans () {
    requests.start.unbindStore(store)
    requests.asyncEnd.unsubscribe(onEnd)
  }
}

// SEP-414: the client's own context is the parent, and the span of the HTTP request is linked.
function readParent (
  api: typeof Api, { params }: RequestEvent
): { readonly parent: Api.Context, readonly links: Api.Link[] } {
  const ambient = api.context.active()
  const parent = api.propagation.extract(ambient, params._meta ?? {}, {
    keys: Object.keys,
    get: (meta, key) => {
      const value: unknown = Object.hasOwn(meta, key) ? Object(meta)[key] : undefined
      return typeof value === 'string' ? value : undefined
    }
  })
  const outer = api.trace.getSpanContext(ambient)
  const isForeign = api.trace.getSpanContext(parent)?.spanId !== outer?.spanId
  return { parent, links: isForeign && outer !== undefined ? [{ context: outer }] : [] }
}

function describeContents (
  { tool, params, result }: RequestEvent, { captureArguments, captureResults }: ResolvedOtelOptions
): Record<string, string> {
  if (tool === undefined) return {}
  return {
    ...(captureArguments && { [Attribute.Arguments]: JSON.stringify(params.arguments ?? {}) }),
    ...(captureResults && result !== undefined && {
      [Attribute.Result]: typeof result === 'string' ? result : JSON.stringify(result)
    })
  }
}
