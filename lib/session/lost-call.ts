// Calls whose process died before it had answered them: their clients are told so.
import { encodeError } from '../protocol/envelope.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { isRequestId, isWireObject, type RequestId } from '../protocol/message.ts'
import type { ClusterNode } from '../cluster/cluster.ts'

const LOST = {
  code: ErrorCode.InternalError,
  message: 'The server process that was answering this request has died; whether it took effect is not known. Send it again if that is safe'
}

/** Answers, in the place of a node that died, those requests of a stream that it has not answered, and ends the stream. */
export async function answerLostCalls ({ sessions, events }: ClusterNode, streamId: string, ids: readonly RequestId[]): Promise<void> {
  const [sessionId = ''] = streamId.split('.')
  // What is no longer kept came before what is, and answers come last.
  const kept = await events.read(streamId, 0) ?? []
  const answered = kept.flatMap(({ message }) => readAnswered(message) ?? [])
  for (const id of findUnanswered(ids, answered)) await events.append(streamId, encodeError(id, LOST))
  await sessions.change(sessionId, { kind: 'end', streamId })
}

/** Returns the ids of the requests without an answer. Requests of one batch may have the same id: each takes an answer of its own. */
export function findUnanswered (ids: readonly RequestId[], answered: readonly RequestId[]): readonly RequestId[] {
  const left = [...answered]
  return ids.filter((id) => {
    const index = left.indexOf(id)
    if (index !== -1) left.splice(index, 1)
    return index === -1
  })
}

/** The id of the request that a message answers; undefined for one that answers none. */
export function readAnswered (message: string): RequestId | undefined {
  const parsed = parseJson(message)
  return isWireObject(parsed) && parsed.method === undefined && isRequestId(parsed.id) ? parsed.id : undefined
}

// The store may have anything.
function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
