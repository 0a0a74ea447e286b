// Makes a span of each question that a request asks its client.
import type * as Api from '@opentelemetry/api'
import { RpcError } from '../../errors.ts'
import { questions } from '../channels.ts'
import type { MountIdentity, QuestionEvent } from '../events.ts'
import { guard } from './guard.ts'
import { Attribute } from './names.ts'

/** What spans of questions are made with. */
export interface QuestionSpanSettings {
  readonly api: typeof Api
  isOwn (event: MountIdentity): boolean
}

/** Makes a span of each question from now on, and puts its trace context into the question. Returns what ends this. */
export function startQuestionSpans ({ api, isOwn }: QuestionSpanSettings): () => void {
  const tracer = api.trace.getTracer('fastify-mcp-mount')
  const spans = new WeakMap<QuestionEvent, Api.Span>()

  function begin (event: QuestionEvent): void {
    if (!isOwn(event)) return
    const { mount, method, revision, meta } = event
    const attributes = {
      [Attribute.Method]: method, [Attribute.Revision]: revision, [Attribute.Mount]: mount
    }
    const span = tracer.startSpan(method, { kind: api.SpanKind.CLIENT, attributes })
    spans.set(event, span)
    // SEP-414: the client continues the trace from `_meta`.
    api.propagation.inject(api.trace.setSpan(api.context.active(), span), meta)
  }

  function end (event: QuestionEvent): void {
    const span = spans.get(event)
    const { error } = event
    if (error !== undefined) {
      const type = error instanceof RpcError ? String(error.code) : '_OTHER'
      span?.setAttribute(Attribute.ErrorType, type)
      span?.setStatus({ code: api.SpanStatusCode.ERROR, ...(error instanceof Error && { message: error.message }) })
    }
    span?.end()
  }

  // The channel has only messages of this type.
  const onStart = (message: unknown): void => guard(api, 'a span of a question', () => begin(message as QuestionEvent))
  const onAnswer = (message: unknown): void => guard(api, 'a span of a question', () => end(message as QuestionEvent))
  // A modern client gets its questions in a result, and answers by a request of its own.
  const onSent = (message: unknown): void => {
    if ((message as QuestionEvent).era === 'modern') onAnswer(message)
  }
  const listeners = [
    [questions.start, onStart], [questions.end, onSent], [questions.asyncEnd, onAnswer]
  ] as const
  for (const [channel, listener] of listeners) channel.subscribe(listener)
  return function endQuestionSpans () {
    for (const [channel, listener] of listeners) channel.unsubscribe(listener)
  }
}
