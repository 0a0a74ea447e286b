// JSON-RPC batches, which revision 2025-03-26 has and no other.
import { classify, type Classified } from '../protocol/classify.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { readId, type Refusal } from '../protocol/message.ts'
import { hasBatches } from '../protocol/revisions.ts'
import { refuseUnread } from './reply.ts'

/** Checks the messages of a batch one by one; the whole batch is refused where the revision has none, or it is too long. */
export function readBatch (
  batch: readonly unknown[], revision: string, maxBatch: number
): ReadonlyArray<Classified | Refusal> | Refusal {
  if (!hasBatches(revision)) return refuseUnread(400, `Invalid Request: revision ${revision} has no batches; send each message by itself`)
  if (batch.length === 0) return refuseUnread(400, 'Invalid Request: the batch is empty')
  if (batch.length > maxBatch) return refuseUnread(400, `Invalid Request: the batch has more than ${maxBatch} messages, which is the mount's 'maxBatch'`)
  return batch.map((item) => readItem(item, revision))
}

function readItem (item: unknown, revision: string): Classified | Refusal {
  const message = classify(item, revision, true)
  if (message.kind === 'refusal') return message
  if (message.era === 'modern') return refuseItem(item, `a batch is of revision ${revision}`)
  // MCP 2025-03-26 lifecycle, Initialization.
  if (message.kind === 'request' && message.request.method === 'initialize') return refuseItem(item, "'initialize' must not be part of a batch")
  return message
}

function refuseItem (item: unknown, problem: string): Refusal {
  return { kind: 'refusal', status: 400, code: ErrorCode.InvalidRequest, message: `Invalid Request: ${problem}`, id: readId(item) }
}
