// Publishes what a request asks its client.
import type { Question } from '../../protocol/question.ts'
import { questions } from '../../telemetry/channels.ts'
import type { QuestionEvent } from '../../telemetry/events.ts'
import type { Incoming } from './incoming.ts'
import type { InputRequests } from './input-required.ts'

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

/** Publishes the questions that a result carries to the client. Returns them as subscribers have completed them. */
export function publishQuestions (asking: Asking, asked: InputRequests): InputRequests {
  if (!questions.hasSubscribers) return asked
  return Object.fromEntries(Object.entries(asked).map(([key, question]) => {
    const event = createEvent(asking, question)
    return [key, event === undefined ? question : questions.traceSync(() => withMeta(question, event), event)] as const
  }))
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
