// Publishes what a request asks its client.
import type { Question } from '../../protocol/question.ts'
import { questions } from '../../telemetry/channels.ts'
import type { QuestionEvent } from '../../telemetry/events.ts'
import type { Incoming } from './incoming.ts'

/** The request that asks. */
type Asking = Pick<Incoming, 'caller' | 'channel'>

/** Asks, and publishes how it went. @param send Resolves to the answer. */
export async function askPublishing<T> (
  asking: Asking, question: Question, send: (question: Question) => Promise<T>
): Promise<T> {
  const event = createEvent(asking, question)
  if (event === undefined) return await send(question)
  // The promise settles as the one of `send`, whose type Node.js does not keep.
  return await (questions.tracePromise(() => send(withMeta(question, event)), event) as Promise<T>)
}

/** Publishes a question that a result carries to the client. Returns the question as subscribers have completed it. */
export function publishQuestion (asking: Asking, question: Question): Question {
  const event = createEvent(asking, question)
  return event === undefined ? question : questions.traceSync(() => withMeta(question, event), event)
}

// Undefined if there is no subscriber.
function createEvent ({ caller, channel }: Asking, { method, params }: Question): QuestionEvent | undefined {
  const { identity } = channel
  if (identity === undefined || !questions.hasSubscribers) return undefined
  return { ...identity, era: caller.era, revision: caller.protocolVersion, method, meta: { ...Object(params._meta) } }
}

// Read after `start`, whose subscribers may have added to it.
function withMeta (question: Question, { meta }: QuestionEvent): Question {
  const { method, params } = question
  return Object.keys(meta).length === 0 ? question : { method, params: { ...params, _meta: meta } }
}
